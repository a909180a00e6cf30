/** A clock attack: wall clocks set back, frozen, and lost with the battery. */

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const clockAttack: Scenario = {
  ...PLAIN,
  name: 'clock-attack',
  shows:
    'a clock set back makes nothing younger: powered time and the time bound say how old it is',
  domains: 4,
  followers: 1,
  minutes: 24 * 60,
  happenings: [
    { at: HOUR_MS, fault: 'isolation', on: ['d00-1'], forMs: 10 * HOUR_MS, amount: 0 },
    {
      at: 2 * HOUR_MS,
      fault: 'clock-jump',
      on: ['d00-1'],
      forMs: 4 * HOUR_MS,
      amount: -3 * HOUR_MS,
    },
    { at: 3 * HOUR_MS, fault: 'withdrawing', on: ['d01'], forMs: 0, amount: 7 },
    { at: 7 * HOUR_MS, fault: 'rtc-reset', on: ['d00-1'], forMs: 3 * HOUR_MS, amount: 0 },
    { at: 8 * HOUR_MS, fault: 'frozen-clock', on: ['d02-1'], forMs: 4 * HOUR_MS, amount: 0 },
    {
      at: 13 * HOUR_MS,
      fault: 'reboot-loop',
      on: ['d01-1'],
      forMs: 10 * MINUTE_MS,
      amount: 30_000,
    },
  ],
};
