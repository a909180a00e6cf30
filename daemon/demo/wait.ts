/** Waiting for something to become true, by asking: the demo sees what a user could see. */

import { Failure } from '../../core/failure.ts';
import { bootMs } from '../../core/time.ts';
import type { Clock } from '../ports.ts';

const ASK_MS = 50;

/** Resolves after `ms` of boot time. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.wakeAt(bootMs(Math.ceil(clock.now().boot + ms)), resolve);
  });
}

/** Asks until `isSo` answers true. Fails `timed-out` after `maxMs`, naming what was awaited. */
export async function waitFor(
  clock: Clock,
  maxMs: number,
  what: string,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const end = clock.now().boot + maxMs;
  while (!(await isSo())) {
    if (clock.now().boot >= end) throw new Failure('timed-out', `waited ${maxMs} ms for ${what}`);
    await pause(clock, ASK_MS);
  }
}
