/**
 * Known time: whether this machine may go by its clock, and by what (PROTOCOL §4.4).
 *
 * Unknown time is a cap and no tier. It begins with a boot of which nothing says how long the power
 * was off, with a wall clock that jumps against boot time, and lasts while the store cannot be
 * written. It ends by a nonce answer or by a person. From then on the date is what was answered
 * plus boot time elapsed; the wall clock is shown and not gone by. An answer that came late makes a
 * rough date: things are not older than it says, and nothing is dated by it. What one domain alone
 * gives reason to doubt (a bound ahead of our clock, evidence of our future) is judged in
 * `standing.ts`.
 */

import { encodeCanonical, parseCanonical } from '../core/canonical.ts';
import { QUESTION_FOR_MS } from '../core/limits.ts';
import { addMs, type BootMs, bootMs, elapsedMs, type Instant, type UnixMs } from '../core/time.ts';
import { Members } from './members.ts';
import type { Moment } from './moment.ts';

/** Why the date is not known on this machine. */
export const TIME_DOUBTS = ['start', 'jump', 'store'] as const;
/** `start`: another boot · `jump` of the wall clock · `store`: nothing can be stored. */
export type TimeDoubt = (typeof TIME_DOUBTS)[number];

/** What the date rests on: the machine's own clock, an answer, or a person's word. */
export const TIME_BASES = ['wall', 'beacon-key', 'quorum', 'operator'] as const;
/** One basis; on the wire its index here. */
export type TimeBasis = (typeof TIME_BASES)[number];

/** A date that was true when the boot clock read `boot`. */
interface Anchor {
  readonly time: UnixMs;
  readonly boot: BootMs;
}

/** A date that somebody gave: on this basis, and ahead by as much as the answer took, at most. */
export interface GivenDate {
  readonly basis: TimeBasis;
  /** The latest that it can be now. */
  readonly time: UnixMs;
  readonly lateMs: number;
}

/** A date is rough that may be ahead by more than this share of the lead. */
const ROUGH_SHARE = 1 / 2;
/** Between two looks the wall clock may gain or lose this share of what elapsed (slewing). */
const SLEW_SHARE = 1 / 100;

/** What is known of the date; `look` and the acts below change it, `judge` does not. */
export class KnownTime {
  readonly #bootId: string;
  /** The lead that Root allows: asked for only where clocks moved apart, or a date came late. */
  readonly #toleranceMs: () => number;
  /** By so much the date gone by may be ahead for having been told late. */
  #lateMs: number;
  readonly #doubts: Set<TimeDoubt>;
  #basis: TimeBasis;
  /** Null while the wall clock is gone by. */
  #anchor: Anchor | null;
  #lastLook: Instant;
  #isStored = false;

  /**
   * What the record of an earlier step says, where it was written in this boot. In another boot
   * the date is unknown, unless the domain has no past that could be taken for its present.
   */
  constructor(
    record: Uint8Array | undefined,
    start: {
      readonly bootId: string;
      readonly now: Instant;
      readonly hasPast: boolean;
      readonly toleranceMs: () => number;
    },
  ) {
    const stored = record === undefined ? null : readRecord(record);
    const continues = stored !== null && stored.bootId === start.bootId;
    this.#bootId = start.bootId;
    this.#toleranceMs = start.toleranceMs;
    this.#doubts = new Set(continues ? stored.doubts : start.hasPast ? ['start'] : []);
    this.#doubts.delete('store');
    this.#basis = continues ? stored.basis : 'wall';
    this.#lateMs = continues ? stored.lateMs : 0;
    this.#anchor = continues && stored.isAnchored ? stored.seen : null;
    this.#lastLook = continues ? { wall: stored.seen.time, boot: stored.seen.boot } : start.now;
  }

  get basis(): TimeBasis {
    return this.#basis;
  }

  get doubts(): readonly TimeDoubt[] {
    return TIME_DOUBTS.filter((doubt) => this.#doubts.has(doubt));
  }

  /** The reading as it is to be gone by. */
  judge(now: Instant): Moment {
    const anchor = this.#anchor;
    const wall = anchor === null ? now.wall : addMs(anchor.time, elapsedMs(anchor.boot, now.boot));
    const isKnown = this.#doubts.size === 0 && !this.#jumped(now);
    const isVouched = isKnown && this.#basis !== 'wall';
    return { wall, boot: now.boot, isKnown, isVouched, isRough: this.#isRough(this.#lateMs) };
  }

  /** True for a date by which we may sign and answer, or one less late than the date gone by. */
  isBetter({ lateMs }: GivenDate): boolean {
    return !this.#isRough(lateMs) || lateMs < this.#lateMs;
  }

  /** Compares the clocks with the last look. True where there is something new to store. */
  look(now: Instant): boolean {
    if (this.#jumped(now)) this.doubt('jump');
    this.#lastLook = now;
    return !this.#isStored;
  }

  /** Time is unknown from here on, or for one reason more. */
  doubt(reason: TimeDoubt): void {
    if (this.#doubts.has(reason)) return;
    this.#doubts.add(reason);
    this.#isStored = false;
  }

  /** The store takes records again: the one doubt that ends by itself. */
  storeWritable(): void {
    if (this.#doubts.delete('store')) this.#isStored = false;
  }

  /** Somebody gave the date as of now. */
  learn({ basis, time, lateMs }: GivenDate, now: Instant): void {
    this.#settle(basis, { time, boot: now.boot }, now);
    this.#lateMs = lateMs;
  }

  /** A person says that the wall clock is right. It is gone by, and watched for jumps. */
  confirmWall(now: Instant): void {
    this.#settle('operator', null, now);
  }

  /** The record as of this reading, the same boot's next start goes on from it. */
  encode(now: Instant): Uint8Array {
    this.#isStored = true;
    const anchor = this.#anchor;
    return encodeCanonical({
      basis: this.#basis,
      boot: anchor?.boot ?? now.boot,
      bootId: this.#bootId,
      doubts: [...this.doubts],
      isAnchored: anchor !== null,
      lateMs: this.#lateMs,
      time: String(anchor?.time ?? now.wall),
    });
  }

  #settle(basis: TimeBasis, anchor: Anchor | null, now: Instant): void {
    this.#basis = basis;
    this.#anchor = anchor;
    this.#lateMs = 0;
    this.#lastLook = now;
    this.#doubts.delete('start');
    this.#doubts.delete('jump');
    this.#isStored = false;
  }

  #isRough(lateMs: number): boolean {
    return lateMs > 0 && lateMs > this.#toleranceMs() * ROUGH_SHARE;
  }

  #jumped(now: Instant): boolean {
    if (this.#anchor !== null) return false;
    const elapsed = elapsedMs(this.#lastLook.boot, now.boot);
    const driftMs = Math.abs(now.wall - this.#lastLook.wall - elapsed);
    const slewMs = elapsed * SLEW_SHARE;
    return driftMs > slewMs && driftMs > this.#toleranceMs() + slewMs;
  }
}

interface StoredTime {
  readonly bootId: string;
  readonly basis: TimeBasis;
  readonly doubts: readonly TimeDoubt[];
  readonly isAnchored: boolean;
  readonly lateMs: number;
  readonly seen: Anchor;
}

function readRecord(record: Uint8Array): StoredTime {
  const members = new Members(parseCanonical(record), 'time');
  return {
    bootId: members.text('bootId', 64),
    basis: TIME_BASES.find((basis) => basis === members.value('basis')) ?? members.refuse('basis'),
    doubts: members
      .list('doubts', TIME_DOUBTS.length)
      .map((value) => TIME_DOUBTS.find((doubt) => doubt === value) ?? members.refuse('doubts')),
    isAnchored: members.flag('isAnchored'),
    // An earlier version wrote none.
    lateMs: members.has('lateMs') ? members.integer('lateMs', 0, QUESTION_FOR_MS) : 0,
    seen: {
      time: members.time('time'),
      boot: bootMs(members.integer('boot', 0, Number.MAX_SAFE_INTEGER)),
    },
  };
}
