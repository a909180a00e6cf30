/** The wall clock stands still, as a broken time source makes it. */

import { HOUR_MS } from '../../core/time.ts';
import { clockFault } from './clock.ts';

export const frozenClock = clockFault(
  'frozen-clock',
  { low: 0, high: 0, forMs: HOUR_MS },
  (clock, t) => clock.freeze(t),
  (clock, t) => clock.correct(t),
);
