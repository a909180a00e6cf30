/**
 * The clock of the machine, minimal, for tests that move real bytes over real sockets.
 *
 * Boot time starts at zero with the process and stops in suspend, which no test survives anyway.
 */

import { bootMs, unixMs } from '../../core/time.ts';
import type { Clock } from '../../daemon/ports.ts';

const bootNow = () => bootMs(Math.trunc(performance.now()));

export const realClock: Clock = {
  bootId: '00000000-0000-0000-0000-000000000000',
  now: () => ({ wall: unixMs(Date.now()), boot: bootNow() }),
  wakeAt(at, callback) {
    const timer = setTimeout(callback, Math.max(0, at - bootNow()) + 1);
    return () => clearTimeout(timer);
  },
};
