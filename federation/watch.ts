/**
 * The watch over time passing: tiers that change because nothing happens, ticks that are missed,
 * and the ledger that has to be written ahead of powered time (PROTOCOL §4.2, §4.5).
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Belief } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import type { Effect } from './effect.ts';
import type { Moment } from './moment.ts';
import type { Policy } from './policy.ts';
import { encodeKeeping, ledgerStepOf } from './record.ts';
import { recordKey } from './record-key.ts';
import { believableUntil, type Standing, standingOf } from './standing.ts';
import type { Tier } from './tier.ts';

/** What was last judged of one belief, and until when that stands. */
interface Judged {
  readonly belief: Belief;
  readonly policy: Policy;
  /** How far the date is ahead of the boot clock: where it was set, all is judged anew. */
  readonly offsetMs: number;
  readonly isKnown: boolean;
  readonly dueAt: number;
}

const NOTHING: readonly Effect[] = [];

/** Watches the beliefs of one node; it decides nothing and says what changed. */
export class Watch {
  readonly #beliefs: Beliefs;
  readonly #bootId: string;
  readonly #tiers = new Map<TrustDomain, Tier>();
  readonly #late = new Set<TrustDomain>();
  readonly #alerts = new Map<TrustDomain, Pick<Standing, 'tier' | 'alert'>>();
  /** When the ledger of a domain is to be written again. */
  readonly #checkpoints = new Map<TrustDomain, number>();
  readonly #judged = new Map<TrustDomain, Judged>();
  /** What was looked at last: while that is the same and nothing is due, nothing has changed. */
  #looked: {
    readonly spoken: readonly Belief[];
    readonly offsetMs: number;
    readonly isKnown: boolean;
    readonly dueAt: number;
  } | null = null;

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
    const offsetMs = now.wall - now.boot;
    const spoken = this.#beliefs.spoken();
    const looked = this.#looked;
    const { isKnown } = now;
    const isSameTime = looked?.offsetMs === offsetMs && looked.isKnown === isKnown;
    if (isSameTime && looked.spoken === spoken && looked.dueAt > now.boot) return NOTHING;
    const effects: Effect[] = [];
    const { policy } = this.#beliefs;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const belief of spoken) {
      let judged = this.#judged.get(belief.domain);
      const isSame =
        judged?.belief === belief &&
        judged.policy === policy &&
        judged.offsetMs === offsetMs &&
        judged.isKnown === isKnown;
      if (!isSame || judged === undefined || judged.dueAt <= now.boot) {
        const nextAt = this.#judge(belief, now, effects);
        judged = { belief, policy, offsetMs, isKnown, dueAt: nextAt };
        this.#judged.set(belief.domain, judged);
      }
      dueAt = Math.min(dueAt, judged.dueAt);
    }
    let checkpointAt = this.#nextCheckpointAt();
    if (checkpointAt <= now.boot) {
      effects.push(this.#checkpoint(now));
      checkpointAt = this.#nextCheckpointAt();
    }
    dueAt = Math.min(dueAt, checkpointAt);
    this.#looked = { spoken, offsetMs, isKnown, dueAt };
    return effects;
  }

  /** In how many milliseconds something of this will change if nothing else does, as last seen. */
  wakeInMs(now: Moment): number {
    return (this.#looked?.dueAt ?? Number.POSITIVE_INFINITY) - now.boot;
  }

  /** Says what changed of one belief; the boot time at which it may change again. */
  #judge(belief: Belief, now: Moment, effects: Effect[]): number {
    const { domain, future } = belief;
    const standing = standingOf(belief, this.#beliefs.tightening(domain, now), now);
    effects.push(...this.#tier(domain, standing.tier, standing.ageMs));
    effects.push(...this.#lateness(domain, standing.late), ...this.#alert(domain, standing));
    const { cliff, lateInMs, alertInMs } = standing;
    const inMs = Math.min(
      cliff?.inMs ?? Number.POSITIVE_INFINITY,
      lateInMs ?? Number.POSITIVE_INFINITY,
      alertInMs ?? Number.POSITIVE_INFINITY,
      this.#beliefs.overInMs(domain, now),
      future === null ? Number.POSITIVE_INFINITY : future.issuedAt - believableUntil(belief, now),
    );
    return now.boot + Math.max(1, inMs);
  }

  #tier(domain: TrustDomain, tier: Tier, ageMs: number | null): readonly Effect[] {
    const before = this.#tiers.get(domain);
    if (before === tier) return [];
    this.#tiers.set(domain, tier);
    const age = ageMs === null ? {} : { ageMs };
    const fields = { domain, from: before ?? 'none', to: tier, ...age };
    return [
      { kind: 'audit', event: 'tier.changed', fields },
      { kind: 'changed', domain },
    ];
  }

  /** A fall comes nearer: told once at each share of the way (PROTOCOL §4.5). */
  #alert(domain: TrustDomain, { tier, cliff, alert }: Standing): readonly Effect[] {
    const before = this.#alerts.get(domain);
    this.#alerts.set(domain, { tier, alert });
    const isNews = before?.tier !== tier || before.alert < alert;
    if (alert === 0 || cliff === null || !isNews) return [];
    const fields = { domain, tier, next: cliff.tier, inMs: cliff.inMs, percent: alert };
    return [
      { kind: 'audit', event: 'cliff.near', fields },
      { kind: 'changed', domain },
    ];
  }

  #lateness(domain: TrustDomain, late: boolean): readonly Effect[] {
    if (late === this.#late.has(domain)) return [];
    if (late) this.#late.add(domain);
    else this.#late.delete(domain);
    const event = late ? 'ticks.late' : 'ticks.resumed';
    return [
      { kind: 'audit', event, fields: { domain } },
      { kind: 'changed', domain },
    ];
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
