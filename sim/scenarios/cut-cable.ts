/** A cut cable: a ring of twelve falls into two halves, and comes together again. */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

/** Limits that a person can watch passing: a fleet of real daemons runs this one by the clock. */
export const cutCable: Scenario = {
  ...PLAIN,
  name: 'cut-cable',
  shows: 'either half falls by its limits and stays fresh to itself; both agree once it is mended',
  domains: 12,
  links: 'ring',
  relations: 'all',
  minutes: 6,
  periodMs: 5 * SECOND_MS,
  limits: {
    freshForMs: 30 * SECOND_MS,
    degradedForMs: 75 * SECOND_MS,
    survivalForMs: 120 * SECOND_MS,
  },
  happenings: [
    {
      at: 2 * MINUTE_MS,
      fault: 'partition',
      on: ['d00', 'd01', 'd02', 'd03', 'd04', 'd05'],
      forMs: 150 * SECOND_MS,
      amount: 0,
    },
  ],
};
