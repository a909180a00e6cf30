/**
 * An outpost: its authority is gone for three days. A node that lost its clock is told the date by
 * its fellows, until their leases end; then they hear of evidence as guests of each other.
 */

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const outpost: Scenario = {
  ...PLAIN,
  name: 'outpost',
  shows: 'nodes without their authority vouch for the time, and for nothing once their leases end',
  domains: 2,
  followers: 3,
  links: 'full',
  minutes: 5 * 24 * 60,
  periodMs: 5 * MINUTE_MS,
  limits: { freshForMs: 20 * MINUTE_MS, degradedForMs: 12 * HOUR_MS, survivalForMs: 2 * DAY_MS },
  happenings: [
    { at: DAY_MS, fault: 'power-cut', on: ['d00'], forMs: 3 * DAY_MS, amount: 0 },
    { at: 30 * HOUR_MS, fault: 'rtc-reset', on: ['d00-1'], forMs: 12 * HOUR_MS, amount: 0 },
  ],
};
