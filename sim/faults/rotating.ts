/**
 * People rotate a key: with an even `amount` a new beacon key speaks from the next Root on, with an
 * odd one a new documents key signs.
 */

import { publishRoots, signNextRoot } from '../ceremony.ts';
import type { Fault } from '../happening.ts';
import { machinesOf } from './power.ts';

export const rotating: Fault = {
  name: 'rotating',
  family: 'people',
  draw: (dice, { authorities, periodMs }) => ({
    on: [dice.pick(authorities)],
    forMs: 1 + dice.wait(10 * periodMs),
    amount: dice.below(1_000),
  }),
  begin: (world, happening) => {
    const isBeacon = happening.amount % 2 === 0;
    const machines = machinesOf(world, happening);
    for (const machine of machines) {
      signNextRoot(world, machine, (_, { documents }, key) => {
        if (isBeacon) return [{ kind: 'rotate', key }];
        const retired = [...documents.keys.keys()].map(
          (keyId) => ({ kind: 'retire', keyId }) as const,
        );
        return [{ kind: 'add', role: 'documents', key }, ...retired];
      });
      world.coverage.saw(
        isBeacon ? 'people: a beacon key was rotated' : 'people: a documents key was rotated',
      );
      publishRoots(world, machine);
    }
    // Whoever was without power then hears of it now.
    return () => {
      for (const machine of machines) publishRoots(world, machine);
    };
  },
};
