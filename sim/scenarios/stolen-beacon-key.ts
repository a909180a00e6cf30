/** A stolen beacon key: a rival under a number already used, then one from the future. */

import { HOUR_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const stolenBeaconKey: Scenario = {
  ...PLAIN,
  name: 'stolen-beacon-key',
  shows: 'two signatures under one number disown the key everywhere, and nobody else suffers',
  domains: 5,
  minutes: 8 * 60,
  happenings: [
    {
      at: 2 * HOUR_MS,
      fault: 'stolen-beacon-key',
      on: ['d04', 'd01'],
      forMs: 0,
      amount: 5 * HOUR_MS + 1,
    },
    { at: 4 * HOUR_MS, fault: 'stolen-beacon-key', on: ['d04', 'd01'], forMs: 0, amount: 2 },
  ],
};
