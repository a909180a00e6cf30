/** Headquarters is split: two halves of a coalition for a day, and a withdrawal in one of them. */

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const splitHeadquarters: Scenario = {
  ...PLAIN,
  name: 'split-headquarters',
  shows: 'the half that cannot hear of a withdrawal stops at its limit, not at its leisure',
  domains: 6,
  links: 'full',
  minutes: 36 * 60,
  periodMs: 5 * MINUTE_MS,
  limits: { freshForMs: 20 * MINUTE_MS, degradedForMs: 12 * HOUR_MS, survivalForMs: 2 * DAY_MS },
  happenings: [
    {
      at: 2 * HOUR_MS,
      fault: 'partition',
      on: ['d03', 'd04', 'd05'],
      forMs: DAY_MS,
      amount: 0,
    },
    { at: 4 * HOUR_MS, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 },
  ],
};
