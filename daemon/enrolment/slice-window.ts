/**
 * Windows of slices: when each leaf that was signed in advance begins and ends (PROTOCOL §7.2).
 *
 * Windows are counted from 1970, so that both sides name the same one. A leaf lasts a while into
 * the next window: a workload takes the next one over in time, and two clocks may differ.
 */

import { SLICE_OVERLAP_MS, SLICE_WINDOW_MS } from '../../core/limits.ts';
import { type UnixMs, unixMs } from '../../core/time.ts';

/** The window that `at` falls into. */
export function windowOf(at: UnixMs): number {
  return Math.floor(at / SLICE_WINDOW_MS);
}

/** When a window begins. */
export function windowStart(window: number): UnixMs {
  return unixMs(window * SLICE_WINDOW_MS);
}

/** When the leaf of a window ends, if nothing ends it sooner. */
export function leafEnd(window: number): UnixMs {
  return unixMs((window + 1) * SLICE_WINDOW_MS + SLICE_OVERLAP_MS);
}
