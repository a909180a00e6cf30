/**
 * What faults share in which the people at the writer of a domain sign its next Root: the `amount`
 * says which of several things they do. Handed over at once, and once more at the end, so that
 * whoever was without power hears of it.
 */

import { publishSigned, signNextRoot } from '../ceremony.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { writersOf } from './victims.ts';

/** One thing that people change, what is seen once they did, and what they go on to do. */
export interface Ceremony {
  readonly changes: Parameters<typeof signNextRoot>[2];
  readonly seen: string;
  readonly next?: (world: World, machine: Machine, amount: number) => void;
}

/** A fault of people at one authority. */
export function nextRootFault(name: string, ceremonies: readonly Ceremony[]): Fault {
  return {
    name,
    family: 'people',
    draw: (dice, { authorities, periodMs }) => ({
      on: [dice.pick(authorities)],
      forMs: 1 + dice.wait(10 * periodMs),
      amount: dice.below(1_000),
    }),
    begin: (world, happening) => {
      const { amount } = happening;
      const ceremony = ceremonies[amount % ceremonies.length];
      const machines = ceremony === undefined ? [] : writersOf(world, happening);
      for (const machine of machines) {
        if (ceremony === undefined) continue;
        signNextRoot(world, machine, ceremony.changes);
        world.coverage.saw(ceremony.seen);
        publishSigned(world, machine);
        ceremony.next?.(world, machine, amount);
      }
      return () => {
        for (const machine of machines) publishSigned(world, machine);
      };
    },
  };
}
