/** A clock attack: wall clocks set back, frozen, and lost with the battery. */

import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

/** As short as a cut cable: a fleet of real daemons runs this one by the clock. */
export const clockAttack: Scenario = {
  ...PLAIN,
  name: 'clock-attack',
  shows:
    'a clock set back makes nothing younger: powered time and the time bound say how old it is',
  domains: 4,
  followers: 2,
  links: 'ring',
  relations: 'all',
  minutes: 7,
  periodMs: 5 * SECOND_MS,
  limits: {
    freshForMs: 30 * SECOND_MS,
    degradedForMs: 90 * SECOND_MS,
    survivalForMs: 10 * MINUTE_MS,
  },
  happenings: [
    { at: 120 * SECOND_MS, fault: 'isolation', on: ['d00-1'], forMs: 150 * SECOND_MS, amount: 0 },
    {
      at: 130 * SECOND_MS,
      fault: 'clock-jump',
      on: ['d00-1'],
      forMs: 50 * SECOND_MS,
      amount: -3 * HOUR_MS,
    },
    { at: 150 * SECOND_MS, fault: 'withdrawing', on: ['d01'], forMs: 0, amount: 7 },
    { at: 160 * SECOND_MS, fault: 'frozen-clock', on: ['d02-1'], forMs: 90 * SECOND_MS, amount: 0 },
    { at: 230 * SECOND_MS, fault: 'rtc-reset', on: ['d00-1'], forMs: 60 * SECOND_MS, amount: 0 },
    {
      at: 300 * SECOND_MS,
      fault: 'reboot-loop',
      on: ['d01-1'],
      forMs: 60 * SECOND_MS,
      amount: 20 * SECOND_MS,
    },
  ],
};
