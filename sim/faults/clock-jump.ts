/** The wall clock jumps, forward or back, until somebody sets it right. */

import { HOUR_MS } from '../../core/time.ts';
import { clockFault } from './clock.ts';

export const clockJump = clockFault(
  'clock-jump',
  { low: -12 * HOUR_MS, high: 12 * HOUR_MS, forMs: HOUR_MS },
  (clock, t, deltaMs) => clock.jump(t, deltaMs),
  (clock, t) => clock.correct(t),
);
