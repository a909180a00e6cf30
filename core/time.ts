/**
 * The two clocks, told apart by type.
 *
 * `UnixMs` is a calendar claim: somebody's belief about the date, which may be wrong and may jump.
 * `BootMs` counts milliseconds since this machine booted and keeps counting in suspend
 * (CLOCK_BOOTTIME); it never goes back within one boot and means nothing in another. Validity is
 * judged by the first, elapsed time by the second (PROTOCOL §4.1).
 */

import { Bug } from './assert.ts';
import type { Brand } from './brand.ts';

/** Milliseconds since 1970-01-01T00:00:00Z, an integer within `UNIX_MS_MAX`. */
export type UnixMs = Brand<number, 'UnixMs'>;

/** Milliseconds since this machine booted, suspend included; an integer. */
export type BootMs = Brand<number, 'BootMs'>;

/** What both clocks read at one instant. Fixed once for each evaluation. */
export interface Instant {
  readonly wall: UnixMs;
  readonly boot: BootMs;
}

/** The last millisecond of the year 9999: what ASN.1 GeneralizedTime can still write. */
export const UNIX_MS_MAX = 253_402_300_799_999;

/** Lengths of time in milliseconds; a day is always 24 hours here. */
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Constructs a wall-clock time; a value outside the range is a bug of the caller. */
export function unixMs(ms: number): UnixMs {
  // No assert here: its sentence would be written at each of thousands of calls a second.
  if (!isWholeUpTo(ms, UNIX_MS_MAX)) throw new Bug(`not a UnixMs: ${ms}`);
  return ms as UnixMs;
}

/** Constructs a boot-time reading. */
export function bootMs(ms: number): BootMs {
  if (!isWholeUpTo(ms, Number.MAX_SAFE_INTEGER)) throw new Bug(`not a BootMs: ${ms}`);
  return ms as BootMs;
}

/** `at` moved by `deltaMs`, clamped to the range a `UnixMs` can hold. */
export function addMs(at: UnixMs, deltaMs: number): UnixMs {
  return unixMs(Math.min(UNIX_MS_MAX, Math.max(0, Math.trunc(at + deltaMs))));
}

/** Elapsed milliseconds between two readings of one boot; never negative. */
export function elapsedMs(from: BootMs, to: BootMs): number {
  return Math.max(0, to - from);
}

function isWholeUpTo(ms: number, most: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= most;
}
