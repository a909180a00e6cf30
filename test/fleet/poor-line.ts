/** Poor lines: what a fleet's cables can do to what they carry, all of it at once. */

import { SECOND_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../../sim/scenario.ts';

/** A satellite's delay, a modem's rate, and one segment in fifty lost. */
export const poorLine: Scenario = {
  ...PLAIN,
  name: 'poor-line',
  shows: 'lines that are slow, far and lossy keep partners fresh, and a cut tells as on good ones',
  domains: 4,
  links: 'ring',
  relations: 'all',
  minutes: 6,
  periodMs: 10 * SECOND_MS,
  latencyMs: 300,
  bitsPerSecond: 64_000,
  lossPpm: 20_000,
  limits: {
    freshForMs: 45 * SECOND_MS,
    degradedForMs: 90 * SECOND_MS,
    survivalForMs: 600 * SECOND_MS,
  },
  happenings: [
    {
      at: 120 * SECOND_MS,
      fault: 'isolation',
      on: ['d00'],
      forMs: 120 * SECOND_MS,
      amount: 0,
    },
    { at: 150 * SECOND_MS, fault: 'withdrawing', on: ['d02'], forMs: 0, amount: 7 },
  ],
};
