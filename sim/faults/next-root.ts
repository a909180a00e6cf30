/**
 * What faults share in which the people at the writer of a domain sign its next Root: about the
 * beacon key with an even `amount`, about the documents keys held there with an odd one. Handed
 * over at once, and once more at the end, so that whoever was without power hears of it.
 */

import { publishRoots, signNextRoot } from '../ceremony.ts';
import type { Fault } from '../happening.ts';
import { writersOf } from './victims.ts';

/** Which key a ceremony is about. */
export type KeyInQuestion = 'beacon' | 'documents';

/** A fault of people at one authority: what they change, and what is seen once they did. */
export function nextRootFault(
  name: string,
  changesOf: (about: KeyInQuestion) => Parameters<typeof signNextRoot>[2],
  seenOf: (about: KeyInQuestion) => string,
): Fault {
  return {
    name,
    family: 'people',
    draw: (dice, { authorities, periodMs }) => ({
      on: [dice.pick(authorities)],
      forMs: 1 + dice.wait(10 * periodMs),
      amount: dice.below(1_000),
    }),
    begin: (world, happening) => {
      const about = happening.amount % 2 === 0 ? 'beacon' : 'documents';
      const machines = writersOf(world, happening);
      for (const machine of machines) {
        signNextRoot(world, machine, changesOf(about));
        world.coverage.saw(seenOf(about));
        publishRoots(world, machine);
      }
      return () => {
        for (const machine of machines) publishRoots(world, machine);
      };
    },
  };
}
