/** Both clocks run fast or slow by so many millionths. */

import { HOUR_MS } from '../../core/time.ts';
import { clockFault } from './clock.ts';

export const clockDrift = clockFault(
  'clock-drift',
  { low: -500, high: 500, forMs: 4 * HOUR_MS },
  (clock, t, ppm) => clock.drift(t, ppm),
  (clock, t) => {
    clock.drift(t, 0);
    clock.correct(t);
  },
);
