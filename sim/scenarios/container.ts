/** Six months in a container: a node is shipped without power, and its clock lost the battery. */

import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const container: Scenario = {
  ...PLAIN,
  name: 'container',
  shows: 'after six months without power a node takes up where the others are, with no person',
  domains: 2,
  links: 'line',
  followers: 1,
  minutes: 190 * 24 * 60,
  periodMs: HOUR_MS,
  chainPeriods: 24,
  limits: { freshForMs: 4 * HOUR_MS, degradedForMs: 2 * DAY_MS, survivalForMs: 7 * DAY_MS },
  happenings: [
    { at: DAY_MS, fault: 'power-cut', on: ['d00-1'], forMs: 180 * DAY_MS, amount: 0 },
    { at: 90 * DAY_MS, fault: 'withdrawing', on: ['d01'], forMs: 0, amount: 7 },
    { at: 181 * DAY_MS + 1, fault: 'rtc-reset', on: ['d00-1'], forMs: DAY_MS, amount: 0 },
  ],
};
