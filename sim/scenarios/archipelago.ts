/** An archipelago: a thousand machines for three days, a third of them cut off every hour. */

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const archipelago: Scenario = {
  ...PLAIN,
  name: 'archipelago',
  shows: 'a thousand machines that lose a third of each other every hour come together each time',
  domains: 50,
  links: 'ring',
  followers: 19,
  minutes: 3 * 24 * 60,
  periodMs: 10 * MINUTE_MS,
  limits: { freshForMs: HOUR_MS, degradedForMs: 12 * HOUR_MS, survivalForMs: 2 * DAY_MS },
  partitionMinutes: 60,
  happenings: [{ at: 12 * HOUR_MS, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 }],
};
