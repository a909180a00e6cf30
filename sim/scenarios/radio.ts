/** A radio of 1.2 kbit/s that loses one frame in ten. */

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const radio: Scenario = {
  ...PLAIN,
  name: 'radio',
  shows: 'ticks of 43 bytes keep partners fresh where a beacon takes half a minute',
  domains: 2,
  links: 'line',
  minutes: 24 * 60,
  periodMs: 10 * MINUTE_MS,
  latencyMs: 800,
  bitsPerSecond: 1_200,
  lossPpm: 100_000,
  limits: { freshForMs: HOUR_MS, degradedForMs: 12 * HOUR_MS, survivalForMs: 2 * DAY_MS },
  happenings: [{ at: 6 * HOUR_MS, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 }],
};
