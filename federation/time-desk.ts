/**
 * The time desk: what this node does about the date (PROTOCOL §4.3, §4.4).
 *
 * It judges each reading of the clocks, says when the date ceases to be known, and turns an answer
 * or a person's word into what follows from it: the ledger gives back what cannot have passed, the
 * bound rises, and evidence that was held is judged. It changes beliefs only by what it returns.
 */

import { MAX_LEAD_MS } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { Suite } from '../core/suite.ts';
import type { Instant, UnixMs } from '../core/time.ts';
import { creditLedger, evaluationClock, raiseBound } from './age.ts';
import type { Belief } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import type { Effect, RecordWrite } from './effect.ts';
import { checkBound, Inquiry } from './inquiry.ts';
import { KnownTime, type TimeBasis, type TimeDoubt } from './known-time.ts';
import type { Moment } from './moment.ts';
import { encodeKeeping } from './record.ts';
import { recordKey } from './record-key.ts';
import { believableUntil, isTimeUnknown, leadOf, mayDate } from './standing.ts';
import type { TimeStatement } from './time-answer.ts';

/** What this machine knows of the date, for whoever shows it. */
export interface TimeView {
  /** True where it may sign and answer by it. */
  readonly isKnown: boolean;
  readonly basis: TimeBasis;
  /** Why it is not; `late` where it is known roughly, and nothing is signed by it. */
  readonly doubts: readonly (TimeDoubt | 'late')[];
  /** The date gone by; the wall clock of the machine may say another. */
  readonly clock: UnixMs;
}

/** What follows from a date that is now known: all of it is stored in one batch. */
export interface Learned {
  readonly beliefs: readonly Belief[];
  readonly writes: readonly RecordWrite[];
  readonly notes: readonly Effect[];
}

/** Everything a node knows and asks about the date. */
export class TimeDesk {
  readonly inquiry = new Inquiry();
  readonly #known: KnownTime;
  readonly #beliefs: Beliefs;
  readonly #bootId: string;
  /** What was looked through last for doubts: without news there are none that are new. */
  #asked: {
    readonly spoken: readonly Belief[];
    readonly offsetMs: number;
    readonly isKnown: boolean;
    readonly isInDoubt: boolean;
  } | null = null;

  constructor(
    beliefs: Beliefs,
    start: {
      readonly records: ReadonlyMap<string, Uint8Array>;
      readonly bootId: string;
      readonly now: Instant;
    },
  ) {
    const { bootId, now, records } = start;
    const record = records.get(recordKey(beliefs.ownDomain, 'time'));
    const hasPast = (beliefs.stored(beliefs.ownDomain)?.keeping ?? null) !== null;
    const toleranceMs = (): number => this.#leadMs;
    this.#known = new KnownTime(record, { bootId, now, hasPast, toleranceMs });
    this.#beliefs = beliefs;
    this.#bootId = bootId;
  }

  /** The reading as it is to be gone by. */
  judge(read: Instant): Moment {
    return this.#known.judge(read);
  }

  /** What is known, for whoever shows it. */
  view(read: Instant): TimeView {
    const now = this.judge(read);
    const { basis } = this.#known;
    const late = now.isRough ? (['late'] as const) : [];
    const doubts = [...this.#known.doubts, ...late];
    return { isKnown: !this.isUnknown(now), basis, doubts, clock: this.clock(now) };
  }

  /** The date that we vouch for: never below our own bound (PROTOCOL §4.1). */
  clock(now: Moment): UnixMs {
    const keeping = this.#own?.keeping ?? null;
    return keeping === null ? now.wall : evaluationClock(keeping, now);
  }

  /** True where we may neither sign nor answer: the date is not known as far as we go, or rough. */
  isUnknown(now: Moment): boolean {
    return this.#own === null ? !now.isKnown : !mayDate(this.#own, now);
  }

  /** What we say to a question; null where no beacon is held by which it could be placed. */
  statement(now: Moment, nonce: Uint8Array): TimeStatement | null {
    const beacon = this.#own?.beacon?.beacon;
    if (beacon === undefined) return null;
    const { lineage, rank, epoch, digest } = beacon;
    const place = { lineage, rank, epoch };
    return { nonce, basis: this.#known.basis, place, beacon: digest, time: this.clock(now) };
  }

  /** Looks at the clocks once at each input, before anything else. */
  look(read: Instant): readonly Effect[] {
    const isNews = this.#known.look(read);
    // A node that was not given a Root yet has nothing that could be out of date.
    if (!isNews || this.#own === null) return [];
    const { doubts } = this.#known;
    const effects: Effect[] = [{ kind: 'persist', writes: [this.#record(read)] }];
    if (doubts.length === 0) return effects;
    this.inquiry.hasten();
    const fields = { why: doubts.join(' '), wall: read.wall };
    return [...effects, { kind: 'audit', event: 'time.unknown', fields }, this.#changed()];
  }

  /** True while there is something to ask: a date in doubt, a rough one, or a person's word. */
  hasQuestion(now: Moment): boolean {
    if (this.#known.basis === 'operator' || now.isRough) return true;
    const spoken = this.#beliefs.spoken();
    const offsetMs = now.wall - now.boot;
    const asked = this.#asked;
    const isSameTime = asked?.offsetMs === offsetMs && asked.isKnown === now.isKnown;
    if (isSameTime && asked.spoken === spoken) return asked.isInDoubt;
    const isInDoubt = spoken.some((belief) => isTimeUnknown(belief, now));
    this.#asked = { spoken, offsetMs, isKnown: now.isKnown, isInDoubt };
    return isInDoubt;
  }

  /** Records could not be written, or can be again. */
  store(isWritable: boolean): readonly Effect[] {
    if (this.#known.doubts.includes('store') !== isWritable) return [];
    if (isWritable) {
      this.#known.storeWritable();
      return [{ kind: 'audit', event: 'store.writable', fields: {} }, this.#changed()];
    }
    this.#known.doubt('store');
    const domain = this.#beliefs.ownDomain;
    return [{ kind: 'alarm', code: 'store-unwritable', domain, details: {} }, this.#changed()];
  }

  /** A person says what time it is, or that the wall clock is right. Refuses `time-below-bound`. */
  told(read: Instant, time: UnixMs | null): Learned {
    if (this.#own !== null) checkBound(this.#own, time ?? read.wall, this.judge(read));
    if (time === null) this.#known.confirmWall(read);
    else this.#known.learn({ basis: 'operator', time, lateMs: 0 }, read);
    return this.#learned(read, null);
  }

  /**
   * An answer came. Null where more voices are needed, and where one that came late tells no more
   * than is known; refuses as `Inquiry.take` does.
   */
  answered(suite: Suite, read: Instant, bytes: Uint8Array): Learned | null {
    const own = this.#own;
    if (own === null) throw new Refusal('answer-unasked');
    const now = this.judge(read);
    const finding = this.inquiry.take(suite, own, bytes, now);
    const isNews = finding !== null && (isTimeUnknown(own, now) || this.#known.isBetter(finding));
    if (!isNews) return null;
    this.#known.learn(finding, read);
    return this.#learned(read, finding.atLeast);
  }

  /** What is held of our own domain; null on a node that was not given its Root yet. */
  get #own(): Belief | null {
    return this.#beliefs.stored(this.#beliefs.ownDomain);
  }

  get #leadMs(): number {
    const own = this.#own;
    return own === null ? MAX_LEAD_MS : leadOf(own);
  }

  #learned(read: Instant, atLeast: UnixMs | null): Learned {
    const now = this.judge(read);
    // An answer under way may still make a rough date a better one.
    if (!now.isRough) this.inquiry.forget();
    const settled = [...this.#beliefs.all].map((belief) => ({
      before: belief,
      after: this.#settle(belief, now, atLeast),
    }));
    const changed = settled.flatMap(({ before, after }) => (before === after ? [] : [after]));
    const keepings = settled
      .filter(({ before, after }) => before.keeping !== after.keeping)
      .map(({ after }) => ({
        key: recordKey(after.domain, 'keeping'),
        value: encodeKeeping(after, this.#bootId, read.boot),
      }));
    const fields = { basis: this.#known.basis, time: now.wall, wall: read.wall };
    return {
      beliefs: changed,
      writes: [this.#record(read), ...keepings],
      notes: [
        { kind: 'audit', event: 'time.known', fields },
        ...settled.flatMap(({ before, after }) => aheadNotes(before, after)),
        this.#changed(),
      ],
    };
  }

  /** One belief under a date that is known: nothing in it can be older than that allows. */
  #settle(belief: Belief, now: Moment, atLeast: UnixMs | null): Belief {
    const { asOf, future } = belief;
    let { keeping } = belief;
    if (keeping !== null) {
      const isOwn = belief.domain === this.#beliefs.ownDomain;
      if (isOwn && atLeast !== null) keeping = raiseBound(keeping, atLeast, now);
      keeping = creditLedger(keeping, asOf, now);
    }
    const isAhead =
      future !== null && future.issuedAt > believableUntil({ ...belief, keeping }, now);
    if (keeping === belief.keeping && (future === null || future.isAhead === isAhead))
      return belief;
    return { ...belief, keeping, future: future === null ? null : { ...future, isAhead } };
  }

  #record(read: Instant): RecordWrite {
    return { key: recordKey(this.#beliefs.ownDomain, 'time'), value: this.#known.encode(read) };
  }

  #changed(): Effect {
    return { kind: 'changed', domain: this.#beliefs.ownDomain };
  }
}

/** Evidence dated after a date that is known: its authority's clock is fast, or a key is stolen. */
function aheadNotes(before: Belief, { domain, future }: Belief): readonly Effect[] {
  if (future === null || !future.isAhead || before.future?.isAhead === true) return [];
  const details = { epoch: future.epoch, issuedAt: future.issuedAt, key: future.signedBy };
  return [{ kind: 'alarm', code: 'dated-ahead', domain, details }];
}
