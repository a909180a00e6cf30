/**
 * The clock of the machine, minimal, for tests that move real bytes over real sockets.
 *
 * Boot time starts at zero with the process and stops in suspend, which no test survives anyway.
 * A clock may run faster than the world: what a daemon does within minutes is then seen within
 * seconds, while the kernel's sockets keep their own pace.
 */

import { bootMs, unixMs } from '../../core/time.ts';
import type { Clock } from '../../daemon/ports.ts';

/** A clock on which `speed` seconds pass for each of the machine's. */
export function clockAtSpeed(speed: number): Clock {
  const bootNow = () => bootMs(Math.trunc(performance.now() * speed));
  return {
    bootId: '00000000-0000-0000-0000-000000000000',
    now: () => ({ wall: unixMs(Date.now()), boot: bootNow() }),
    wakeAt(at, callback) {
      const timer = setTimeout(callback, Math.max(0, at - bootNow()) / speed + 1);
      return () => clearTimeout(timer);
    },
  };
}

/** The machine's own pace. */
export const realClock = clockAtSpeed(1);
