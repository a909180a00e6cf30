/** A coalition of twelve that loses its hub: all trust each other, and met through it. */

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const lostHub: Scenario = {
  ...PLAIN,
  name: 'lost-hub',
  shows: 'without its hub each domain lives on what it holds, and a courier keeps one pair fresh',
  domains: 12,
  links: 'star',
  relations: 'all',
  minutes: 24 * 60,
  periodMs: 5 * MINUTE_MS,
  limits: { freshForMs: 30 * MINUTE_MS, degradedForMs: 12 * HOUR_MS, survivalForMs: 2 * DAY_MS },
  happenings: [
    { at: 4 * HOUR_MS, fault: 'power-cut', on: ['d00'], forMs: 16 * HOUR_MS, amount: 0 },
    { at: 8 * HOUR_MS, fault: 'courier', on: ['d01', 'd02'], forMs: 0, amount: 0 },
    { at: 12 * HOUR_MS, fault: 'courier', on: ['d01', 'd02'], forMs: 0, amount: 0 },
  ],
};
