/**
 * A stolen beacon key: the first machine signs for the domain of the second. An even `amount` makes
 * a rival under the number that domain used last; an odd one dates the next beacon so far ahead.
 */

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { recordKey } from '../../federation/record-key.ts';
import { laterBeacon, rivalBeacon } from '../forgery.ts';
import type { Fault } from '../happening.ts';
import { sayToAll } from './thieves.ts';
import { machinesOf } from './victims.ts';

export const stolenBeaconKey: Fault = {
  name: 'stolen-beacon-key',
  family: 'adversary',
  draw: (dice, { authorities }) =>
    authorities.length < 2
      ? null
      : {
          on: dice.shuffle(authorities).slice(0, 2),
          forMs: 0,
          amount: dice.between(1, HOUR_MS),
        },
  begin: (world, happening) => {
    const [thief, victim] = machinesOf(world, happening);
    if (thief === undefined || victim === undefined) return () => undefined;
    const held = thief.believed.get(recordKey(victim.domain, 'beacon'));
    const key = world.keys.get(victim.domain)?.beacon[0];
    if (held === undefined || key === undefined) return () => undefined;
    const isRival = happening.amount % 2 === 0;
    const leadMs = isRival ? 1 : Math.max(3 * MINUTE_MS, happening.amount);
    const bytes = isRival ? rivalBeacon(held, key, leadMs) : laterBeacon(held, key, leadMs);
    sayToAll(world, thief, bytes);
    return () => undefined;
  },
};
