/** A standby stands in: headquarters is cut off, the next machine takes over, the first is back. */

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const standIn: Scenario = {
  ...PLAIN,
  name: 'stand-in',
  shows: 'a writer without its standby falls silent, and a domain goes on at its next machine',
  domains: 3,
  standbys: 1,
  writerForMs: 2 * MINUTE_MS,
  links: 'full',
  minutes: 8 * 60,
  happenings: [
    { at: HOUR_MS, fault: 'isolation', on: ['d01-s1'], forMs: 30 * MINUTE_MS, amount: 0 },
    { at: 2 * HOUR_MS, fault: 'standing-in', on: ['d00'], forMs: 2 * HOUR_MS, amount: 0 },
    { at: 5 * HOUR_MS, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 },
  ],
};
