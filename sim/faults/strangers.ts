/**
 * Strangers: links to a machine from nobody, each of which says something every `amount`
 * milliseconds: more than a machine hears, at times. All but the first are soon sent away.
 */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { Stranger } from '../stranger.ts';
import { machinesOf } from './victims.ts';

/** Once in so long: as a flood, as fast as anybody may, and now and then. */
const PACES_MS = [1, 50, 500];
/** How often each of them speaks at most. */
const WORDS = [800, 40, 40];

export const strangers: Fault = {
  name: 'strangers',
  family: 'stranger',
  draw: (dice, { machines }) => ({
    on: [dice.pick(machines)],
    forMs: 1 + dice.wait(MINUTE_MS),
    amount: dice.pick(PACES_MS),
  }),
  begin: (world, happening) => {
    const guests = machinesOf(world, happening).flatMap((host) =>
      WORDS.map((words, i) => ({ guest: new Stranger(world, host, i + 1), words })),
    );
    let said = 0;
    const speak = (): void => {
      const speaking = guests.filter(({ words }) => said < words);
      for (const { guest } of speaking) guest.speak();
      said += 1;
      if (speaking.length > 0) world.after(happening.amount, speak);
    };
    for (const { guest } of guests) guest.come();
    speak();
    return () => {
      said = Number.POSITIVE_INFINITY;
      for (const { guest } of guests) guest.go();
    };
  },
};
