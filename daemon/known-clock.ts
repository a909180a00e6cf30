/**
 * The clock that the daemon goes by: what somebody answered or said in this boot plus boot time
 * since, and never a date below what our own domain has shown to have passed (PROTOCOL §4.4).
 *
 * The state machine itself is handed the machine's own clock and judges it; everything that dates
 * a certificate or judges one takes this.
 */

import type { Instant } from '../core/time.ts';
import type { Clock } from './ports.ts';

/** A clock whose readings `judge` corrects. */
export function knownClock(clock: Clock, judge: { clock(read: Instant): Instant }): Clock {
  return {
    bootId: clock.bootId,
    now: () => judge.clock(clock.now()),
    wakeAt: (at, callback) => clock.wakeAt(at, callback),
  };
}
