/** The wall clock is off by less than the lead that is allowed. */

import { HOUR_MS, SECOND_MS } from '../../core/time.ts';
import { clockFault } from './clock.ts';

export const clockSkew = clockFault(
  'clock-skew',
  { low: -100 * SECOND_MS, high: 100 * SECOND_MS, forMs: 4 * HOUR_MS },
  (clock, t, deltaMs) => clock.jump(t, deltaMs),
  (clock, t) => clock.correct(t),
);
