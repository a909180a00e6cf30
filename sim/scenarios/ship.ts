/** A ship with one satellite pass an hour: twelve minutes of contact, fifty without. */

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const ship: Scenario = {
  ...PLAIN,
  name: 'ship',
  shows: 'regular short passes keep a ship DEGRADED at worst, and carry a withdrawal within one',
  domains: 3,
  links: 'star',
  relations: 'all',
  minutes: 24 * 60,
  periodMs: 5 * MINUTE_MS,
  latencyMs: 600,
  limits: { freshForMs: 20 * MINUTE_MS, degradedForMs: 3 * HOUR_MS, survivalForMs: DAY_MS },
  happenings: [
    {
      at: 10 * MINUTE_MS,
      fault: 'contact-windows',
      on: ['d02'],
      forMs: 20 * HOUR_MS,
      amount: 12 * MINUTE_MS,
    },
    { at: 12 * HOUR_MS + 30 * MINUTE_MS, fault: 'withdrawing', on: ['d01'], forMs: 0, amount: 7 },
  ],
};
