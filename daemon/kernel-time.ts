/**
 * Takes the kernel's word for the date after a boot, where the configuration lets it (PROTOCOL
 * §4.4): the word of whoever steers the clock of this machine, in the place of a person's.
 */

import { Failure } from '../core/failure.ts';
import { Refusal } from '../core/refusal.ts';
import { bootMs, SECOND_MS } from '../core/time.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Driver } from './driver.ts';
import type { Clock, Log } from './ports.ts';

export interface KernelTimeOptions {
  readonly clock: Clock;
  readonly driver: Driver;
  readonly audit: AuditLog;
  readonly log: Log;
  readonly isSynchronised: () => boolean;
  /** True while the state machine knows the date. */
  readonly isKnown: () => boolean;
}

/** Steering takes a while after a boot, and may be lost again. */
const LOOK_MS = 10 * SECOND_MS;

/** Looks again and again until the returned function is called. */
export function followKernelTime(options: KernelTimeOptions): () => void {
  const { clock } = options;
  let cancel: () => void = () => undefined;
  let isFollowing = true;
  const look = async (): Promise<void> => {
    if (!options.isKnown() && options.isSynchronised()) await tell(options);
    if (isFollowing) cancel = clock.wakeAt(bootMs(clock.now().boot + LOOK_MS), () => void look());
  };
  void look();
  return () => {
    isFollowing = false;
    cancel();
  };
}

async function tell({ driver, audit, log }: KernelTimeOptions): Promise<void> {
  try {
    await driver.request({ kind: 'time', time: null });
    await audit.append('time.told', { said: 'the clock is right', by: 'kernel' });
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Failure)) throw error;
    log.warn('the clock of the kernel is not gone by', { code: error.code });
  }
}
