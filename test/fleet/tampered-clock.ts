/**
 * The clocks of a machine that somebody tampers with: the wall clock is as wrong as the file says,
 * and each process is a boot of its own, so that a restarted daemon stands after a power cut.
 */

import { randomUUID } from 'node:crypto';
import { type BootMs, bootMs, unixMs } from '../../core/time.ts';
import type { Clock } from '../../daemon/ports.ts';
import { tamperingIn, wallOf } from './tampering.ts';

/** The process starts so long after power came. */
const BOOT_DELAY_MS = 1_000;

/** `clock`, as the machine of that folder reads it. */
export function tamperedClock(clock: Clock, folder: string): Clock {
  const bootedAt = clock.now().boot - BOOT_DELAY_MS;
  return {
    bootId: randomUUID(),
    now: () => {
      const { wall, boot } = clock.now();
      return { wall: unixMs(wallOf(tamperingIn(folder), wall)), boot: bootMs(boot - bootedAt) };
    },
    wakeAt: (at: BootMs, callback) => clock.wakeAt(bootMs(at + bootedAt), callback),
  };
}
