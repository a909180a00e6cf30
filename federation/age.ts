/**
 * The time bound and the ledger, and the age they make: how old our last proof is at the least
 * favourable reading (PROTOCOL §4.1, §4.2). Pure functions over a few numbers.
 *
 * The bound B answers "now is no earlier than": the greatest evidence time plus boot time elapsed
 * since. The ledger answers "powered for at least so long since asOf". A wall clock that was set
 * back hides age from neither, and late evidence resets neither: it lowers age by what asOf gained.
 */

import { LEDGER_STEP_MS } from '../core/limits.ts';
import {
  addMs,
  type BootMs,
  bootMs,
  DAY_MS,
  elapsedMs,
  type Instant,
  SECOND_MS,
  type UnixMs,
  unixMs,
} from '../core/time.ts';
import type { AgeLimits } from './limits.ts';
import type { Moment } from './moment.ts';

/** What a domain remembers about time; readings of `boot` belong to the boot in progress. */
export interface TimeKeeping {
  /** B as it was when the boot clock read `boundBoot`. */
  readonly bound: UnixMs;
  readonly boundBoot: BootMs;
  /** Powered milliseconds since asOf, as they were when the boot clock read `ledgerBoot`. */
  readonly ledgerMs: number;
  readonly ledgerBoot: BootMs;
}

/** The bookkeeping of first evidence: nothing is known of any time before it. */
export function startKeeping(asOf: UnixMs, now: Instant): TimeKeeping {
  return { bound: asOf, boundBoot: now.boot, ledgerMs: 0, ledgerBoot: now.boot };
}

/** B now: it rises with boot time and never falls (PROTOCOL §4.1). */
export function boundAt(keeping: TimeKeeping, boot: BootMs): UnixMs {
  return addMs(keeping.bound, elapsedMs(keeping.boundBoot, boot));
}

/** The clock of an evaluation: O = max(wall, B). */
export function evaluationClock(keeping: TimeKeeping, now: Instant): UnixMs {
  return unixMs(Math.max(now.wall, boundAt(keeping, now.boot)));
}

/** The clock of an evaluation about a domain; the wall clock before any evidence of it. */
export function clockOf(
  { keeping }: { readonly keeping: TimeKeeping | null },
  now: Instant,
): UnixMs {
  return keeping === null ? now.wall : evaluationClock(keeping, now);
}

/** Powered time since asOf, at the least. */
export function ledgerAt(keeping: TimeKeeping, boot: BootMs): number {
  return keeping.ledgerMs + elapsedMs(keeping.ledgerBoot, boot);
}

/** The same bookkeeping, read again: what elapsed since the last reading is in the numbers. */
export function settleKeeping(keeping: TimeKeeping, boot: BootMs): TimeKeeping {
  return {
    bound: boundAt(keeping, boot),
    boundBoot: boot,
    ledgerMs: ledgerAt(keeping, boot),
    ledgerBoot: boot,
  };
}

/**
 * No evidence counts any more: what was held, as of `asOf`, is taken back. From here on the ledger
 * counts from B, which stays, so that the next evidence finds in it all powered time since `asOf`
 * and nothing twice.
 */
export function withoutEvidence(keeping: TimeKeeping, asOf: UnixMs): TimeKeeping {
  return { ...keeping, ledgerMs: Math.max(0, keeping.ledgerMs - (keeping.bound - asOf)) };
}

/** The same bookkeeping, read again where no evidence counts: B rises, and the ledger with it. */
export function settleWithoutEvidence(keeping: TimeKeeping, boot: BootMs): TimeKeeping {
  const settled = settleKeeping(keeping, boot);
  const ledgerMs = Math.max(0, settled.ledgerMs - (settled.bound - keeping.bound));
  return { ...settled, ledgerMs };
}

/** age = max(O − asOf, ledger); never negative. */
export function ageAt(keeping: TimeKeeping, asOf: UnixMs, now: Instant): number {
  return Math.max(0, evaluationClock(keeping, now) - asOf, ledgerAt(keeping, now.boot));
}

/**
 * What a vouched date gives back: no more time can have been powered since asOf than has passed
 * since. A start charges a step that nothing else returns.
 */
export function creditLedger(keeping: TimeKeeping, asOf: UnixMs | null, now: Moment): TimeKeeping {
  if (!now.isVouched || asOf === null) return keeping;
  const passedMs = Math.max(0, evaluationClock(keeping, now) - asOf);
  const ledgerMs = ledgerAt(keeping, now.boot);
  return ledgerMs <= passedMs ? keeping : { ...keeping, ledgerMs: passedMs, ledgerBoot: now.boot };
}

/** B after a proof that it is `time` at the earliest. */
export function raiseBound(keeping: TimeKeeping, time: UnixMs, now: Instant): TimeKeeping {
  const bound = boundAt(keeping, now.boot);
  return time <= bound ? keeping : { ...keeping, bound: time, boundBoot: now.boot };
}

/**
 * Newer evidence: B rises to its time, the ledger falls by what asOf gained and no further. A
 * receipt is no proof of recency: whoever delays a tick must gain nothing by delivering it.
 */
export function advance(
  keeping: TimeKeeping,
  gain: { readonly from: UnixMs; readonly to: UnixMs },
  now: Moment,
): TimeKeeping {
  const bound = boundAt(keeping, now.boot);
  const next = {
    bound: unixMs(Math.max(bound, gain.to)),
    boundBoot: now.boot,
    // Newer evidence may bear an older date: then asOf falls, and the ledger grows by as much.
    ledgerMs: Math.max(0, ledgerAt(keeping, now.boot) - (gain.to - gain.from)),
    ledgerBoot: now.boot,
  };
  return creditLedger(next, gain.to, now);
}

/**
 * asOf fell back because a proof disowned the evidence: the ledger grows by what was lost, and B,
 * which evidence of a disowned key may have raised, stays: it may only make us older.
 */
export function fallBack(
  keeping: TimeKeeping,
  loss: { readonly from: UnixMs; readonly to: UnixMs },
  now: Instant,
): TimeKeeping {
  const lost = Math.max(0, loss.from - loss.to);
  return { ...keeping, ledgerMs: ledgerAt(keeping, now.boot) + lost, ledgerBoot: now.boot };
}

/**
 * How far ahead the stored ledger runs, and how often it is written: a step that the limits can
 * afford to lose at a power cut, and that a disk can keep up with.
 */
export function ledgerStepMs(limits: AgeLimits): number {
  return Math.max(SECOND_MS, Math.min(LEDGER_STEP_MS, Math.floor(limits.freshForMs / 4)));
}

/** Longer than any limit: what a ledger holds of which nothing is known (PROTOCOL §5.7). */
export const FOREVER_MS = 100 * 366 * DAY_MS;

/** Bookkeeping as it is stored: the ledger one step ahead, the boot it belongs to beside it. */
export interface StoredKeeping extends TimeKeeping {
  readonly bootId: string;
  readonly aheadMs: number;
}

/**
 * Bookkeeping after a start. Within one boot it simply continues. After another boot the readings
 * mean nothing: B stands still at its stored value, and the ledger takes the whole step that was
 * written ahead, or a reboot loop faster than the checkpoint would hide powered time.
 */
export function resumeKeeping(stored: StoredKeeping, bootId: string): TimeKeeping {
  if (stored.bootId === bootId) return stored;
  const start = bootMs(0); // this boot has been powered since it began, whenever we were started
  return {
    bound: stored.bound,
    boundBoot: start,
    ledgerMs: stored.ledgerMs + stored.aheadMs,
    ledgerBoot: start,
  };
}
