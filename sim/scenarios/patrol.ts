/** Two weeks on patrol: a node leaves with cached trust, and meets its own once. */

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const patrol: Scenario = {
  ...PLAIN,
  name: 'patrol',
  shows: 'a node alone ages through every tier, and an hour of contact gives it all back',
  domains: 3,
  followers: 1,
  minutes: 14 * 24 * 60,
  periodMs: 10 * MINUTE_MS,
  limits: { freshForMs: 30 * MINUTE_MS, degradedForMs: DAY_MS, survivalForMs: 5 * DAY_MS },
  happenings: [
    { at: HOUR_MS, fault: 'isolation', on: ['d00-1'], forMs: 6 * DAY_MS, amount: 0 },
    { at: 3 * DAY_MS, fault: 'withdrawing', on: ['d01'], forMs: 0, amount: 7 },
    {
      at: 6 * DAY_MS + 2 * HOUR_MS,
      fault: 'isolation',
      on: ['d00-1'],
      forMs: 6 * DAY_MS,
      amount: 0,
    },
    { at: 9 * DAY_MS, fault: 'rtc-reset', on: ['d00-1'], forMs: 2 * DAY_MS, amount: 0 },
  ],
};
