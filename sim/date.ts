/**
 * The date that a machine goes by, as checkers bound it from below.
 *
 * While the wall clock is gone by, it is that. Once somebody vouched for another date it is true
 * time, less by what those who vouch may be slow: a person confirms a clock that is a minute off,
 * and within the lead that Root allows no rule notices anything. Who was put back with its memory
 * counts on from a reading that is gone, and nothing in it tells (PROTOCOL, The guarantee).
 */

import type { Machine } from './machine.ts';
import { START_MS } from './machine-clock.ts';
import { recordOf, timeOf } from './reading.ts';

/** By so much a date that somebody vouched for may be slow: twice the lead of Root. */
export const VOUCHED_SLOW_MS = 4 * 60_000;

/** The earliest date that the machine may go by at true time `t`. */
export function dateOf(machine: Machine, t: number): number {
  const time = readTime(machine);
  if (time?.isAnchored !== true) return machine.clock.now(t).wall;
  return machine.restored ? Number.NEGATIVE_INFINITY : START_MS + t - VOUCHED_SLOW_MS;
}

/** True while somebody vouches for the date, in this boot. */
export function isVouched(machine: Machine): boolean {
  const time = readTime(machine);
  return time !== null && time.basis !== 'wall';
}

/** What has passed at the least since `asOf`, for a machine that somebody vouched to. */
export function passedMs(asOf: number, t: number): number {
  return START_MS + t - asOf - VOUCHED_SLOW_MS;
}

function readTime(machine: Machine): ReturnType<typeof timeOf> | null {
  const record = recordOf(machine, machine.domain, 'time');
  const time = record === null ? null : timeOf(record);
  return time?.bootId === machine.clock.bootId ? time : null;
}
