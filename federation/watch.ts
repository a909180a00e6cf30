/**
 * The watch over time passing: tiers that change because nothing happens, ticks that are missed,
 * and the ledger that has to be written ahead of powered time (PROTOCOL §4.2, §4.5).
 */

import type { RefusalDetails } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Belief } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import type { Effect } from './effect.ts';
import type { Moment } from './moment.ts';
import type { Policy } from './policy.ts';
import { encodeKeeping, ledgerStepOf } from './record.ts';
import { recordKey } from './record-key.ts';
import { believableUntil, type Standing, standingOf } from './standing.ts';

/** What people were told of one domain last. */
type Said = Pick<Standing, 'tier' | 'late' | 'alert'>;

/** What was looked at last: of the same, at the same date, only what is due is judged anew. */
interface Looked {
  readonly spoken: readonly Belief[];
  readonly policy: Policy;
  /** How far the date is ahead of the boot clock: where it was set, all is judged anew. */
  readonly offsetMs: number;
  readonly isKnown: boolean;
  /** When time alone changes the standing of each of them. */
  readonly dueAts: readonly number[];
  /** When time alone makes anything due. */
  readonly dueAt: number;
}

const NOTHING: readonly Effect[] = [];

/** Watches the beliefs of one node; it decides nothing and says what changed. */
export class Watch {
  readonly #beliefs: Beliefs;
  readonly #bootId: string;
  readonly #said = new Map<TrustDomain, Said>();
  /** When the ledger of a domain is to be written again. */
  readonly #checkpoints = new Map<TrustDomain, number>();
  #looked: Looked | null = null;

  constructor(beliefs: Beliefs, bootId: string) {
    this.#beliefs = beliefs;
    this.#bootId = bootId;
  }

  /**
   * The bookkeeping of this domain was stored with evidence just now. The stored ledger runs one
   * step ahead; it is written again when half of it is used up, so that a slow disk has the other.
   */
  wasStored(belief: Belief, now: Moment): void {
    this.#checkpoints.set(belief.domain, now.boot + Math.ceil(ledgerStepOf(belief) / 2));
  }

  /**
   * Tells of every change of tier, and writes the ledger ahead before it runs out. Judges only what
   * changed, and what time alone has changed.
   */
  look(now: Moment): readonly Effect[] {
    const { boot, isKnown } = now;
    const offsetMs = now.wall - boot;
    const { policy } = this.#beliefs;
    const spoken = this.#beliefs.spoken();
    const last = this.#looked;
    const isSameTime = last?.offsetMs === offsetMs && last.isKnown === isKnown;
    if (isSameTime && last.spoken === spoken && last.dueAt > boot) return NOTHING;
    const known = isSameTime && last.policy === policy ? last : null;
    const effects: Effect[] = [];
    let dueAt = Number.POSITIVE_INFINITY;
    const dueAts = spoken.map((belief, place) => {
      const knownAt = known?.spoken[place] === belief ? (known.dueAts[place] ?? 0) : 0;
      const nextAt = knownAt > boot ? knownAt : this.#judge(belief, now, effects);
      dueAt = Math.min(dueAt, nextAt);
      return nextAt;
    });
    let checkpointAt = this.#nextCheckpointAt();
    if (checkpointAt <= boot) {
      effects.push(this.#checkpoint(now));
      checkpointAt = this.#nextCheckpointAt();
    }
    dueAt = Math.min(dueAt, checkpointAt);
    this.#looked = { spoken, policy, offsetMs, isKnown, dueAts, dueAt };
    return effects;
  }

  /** In how many milliseconds something of this will change if nothing else does, as last seen. */
  wakeInMs(now: Moment): number {
    return (this.#looked?.dueAt ?? Number.POSITIVE_INFINITY) - now.boot;
  }

  /** Says what changed of one belief; the boot time at which it may change again. */
  #judge(belief: Belief, now: Moment, effects: Effect[]): number {
    const { domain, future } = belief;
    const relation = this.#beliefs.relationTo(domain);
    const standing = standingOf(belief, this.#beliefs.tightening(relation, now), now);
    const { tier, late, alert } = standing;
    const before = this.#said.get(domain);
    if (before?.tier !== tier || before.late !== late || before.alert !== alert) {
      this.#said.set(domain, { tier, late, alert });
      effects.push(...newsOf(domain, before, standing));
    }
    const { cliff, lateInMs, alertInMs } = standing;
    const inMs = Math.min(
      cliff?.inMs ?? Number.POSITIVE_INFINITY,
      lateInMs ?? Number.POSITIVE_INFINITY,
      alertInMs ?? Number.POSITIVE_INFINITY,
      this.#beliefs.overInMs(relation, now),
      future === null ? Number.POSITIVE_INFINITY : future.issuedAt - believableUntil(belief, now),
    );
    return now.boot + Math.max(1, inMs);
  }

  /**
   * Writes every ledger once one of them is due, in one batch: the disk has other work. A former
   * partner may come back: its ledger is kept too, or a reboot would make it younger.
   */
  #checkpoint(now: Moment): Effect {
    const all = [...this.#beliefs.all].filter(({ keeping }) => keeping !== null);
    const writes = all.map((belief) => {
      this.wasStored(belief, now);
      const value = encodeKeeping(belief, this.#bootId, now.boot);
      return { key: recordKey(belief.domain, 'keeping'), value };
    });
    return { kind: 'persist', writes };
  }

  #nextCheckpointAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { domain, keeping } of this.#beliefs.all) {
      // At once after a start: a loop of reboots faster than the step would hide powered time.
      if (keeping !== null) next = Math.min(next, this.#checkpoints.get(domain) ?? 0);
    }
    return next;
  }
}

/** What people are told of a domain, each once: its tier, its ticks, a fall that comes nearer. */
function newsOf(
  domain: TrustDomain,
  before: Said | undefined,
  { tier, ageMs, late, cliff, alert }: Standing,
): readonly Effect[] {
  const news: Effect[] = [];
  const tell = (event: string, fields: RefusalDetails): void => {
    news.push({ kind: 'audit', event, fields: { domain, ...fields } }, { kind: 'changed', domain });
  };
  if (before?.tier !== tier) {
    const age = ageMs === null ? {} : { ageMs };
    tell('tier.changed', { from: before?.tier ?? 'none', to: tier, ...age });
  }
  if (late !== (before?.late ?? false)) tell(late ? 'ticks.late' : 'ticks.resumed', {});
  // PROTOCOL §4.5 — told at each share of the way.
  const isNearer = before?.tier !== tier || before.alert < alert;
  if (alert !== 0 && cliff !== null && isNearer) {
    tell('cliff.near', { tier, next: cliff.tier, inMs: cliff.inMs, percent: alert });
  }
  return news;
}
