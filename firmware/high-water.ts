/**
 * Marks of a chip that may only rise, as its peers remember them.
 *
 * A restored chip cannot see that it was restored: its counters, clock and keys are consistent
 * with each other. Only somebody else who remembers higher ones can tell. Give marks here in the
 * order of the challenges they answer: an answer that was delayed looks like a regress.
 * TPM 2.0 Part 1 §36.
 */

import { Refusal } from '../core/refusal.ts';
import type { ClockInfo } from './attest.ts';

/**
 * How far an unsafe clock may lie behind one that was shown before a power cut: the chip stores
 * it at least so often (2^22 ms, about 70 minutes; Part 1 §36.3.2).
 */
export const CLOCK_STORED_EVERY_MS = 2n ** 22n;

/** What one piece of verified evidence said about its chip. */
export interface ChipMarks {
  readonly clock: ClockInfo;
  readonly firmwareVersion: bigint;
  /** The NV counter of the state's generation; null on a node that has none. */
  readonly counter: bigint | null;
}

/** What was remembered, and whether the newest evidence came right after a power cut. */
export interface MarksAdvance {
  readonly marks: ChipMarks;
  /** The clock is not known to be past all it has shown: expected after a power cut. */
  readonly clockUnsafe: boolean;
}

/**
 * Remembers `seen` beside what is `held` of the same attestation key. Refuses `marks-regressed`,
 * naming the first mark that fell, when the chip is not where it was: resets, then restarts
 * within one reset, then the clock, the NV counter and the firmware version.
 */
export function advanceMarks(held: ChipMarks | null, seen: ChipMarks): MarksAdvance {
  const clockUnsafe = !seen.clock.safe;
  if (held === null) return { marks: seen, clockUnsafe };
  checkRises('resetCount', held.clock.resetCount, seen.clock.resetCount);
  const sameReset = held.clock.resetCount === seen.clock.resetCount;
  if (sameReset) checkRises('restartCount', held.clock.restartCount, seen.clock.restartCount);
  // A clock may fall by what the chip had not stored yet, and only through a reset that says so.
  const slackMs = !sameReset && clockUnsafe ? CLOCK_STORED_EVERY_MS : 0n;
  checkRises('clock', held.clock.clockMs, seen.clock.clockMs + slackMs);
  if (held.counter !== null) checkRises('counter', held.counter, seen.counter ?? -1n);
  checkRises('firmwareVersion', held.firmwareVersion, seen.firmwareVersion);
  return { marks: seen, clockUnsafe };
}

function checkRises(mark: string, held: number | bigint, seen: number | bigint): void {
  if (seen < held) throw new Refusal('marks-regressed', { mark, held, seen });
}
