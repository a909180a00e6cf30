/**
 * The watch over time passing: tiers that change because nothing happens, ticks that are missed,
 * and the ledger that has to be written ahead of powered time (PROTOCOL §4.2, §4.5).
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import { type BootMs, bootMs, type Instant } from '../core/time.ts';
import { ledgerStepMs } from './age.ts';
import type { Belief } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import type { Effect } from './effect.ts';
import { NO_LIMITS } from './limits.ts';
import { encodeKeeping } from './record.ts';
import { recordKey } from './record-key.ts';
import { believableUntil, standingOf } from './standing.ts';
import type { Tier } from './tier.ts';

/** Watches the beliefs of one node; it decides nothing and says what changed. */
export class Watch {
  readonly #beliefs: Beliefs;
  readonly #bootId: string;
  readonly #tiers = new Map<TrustDomain, Tier>();
  readonly #late = new Set<TrustDomain>();
  readonly #stored = new Map<TrustDomain, BootMs>();

  constructor(beliefs: Beliefs, bootId: string) {
    this.#beliefs = beliefs;
    this.#bootId = bootId;
  }

  /** The bookkeeping of this domain was stored with evidence just now. */
  wasStored(domain: TrustDomain, now: Instant): void {
    this.#stored.set(domain, now.boot);
  }

  /** Tells of every change of tier, and writes the ledger ahead before it runs out. */
  look(now: Instant): readonly Effect[] {
    const changes = this.#beliefs.spoken().flatMap((belief) => {
      const standing = standingOf(belief, this.#beliefs.tightening(belief.domain), now);
      return [
        ...this.#tier(belief.domain, standing.tier, standing.ageMs),
        ...this.#lateness(belief.domain, standing.late),
      ];
    });
    // A former partner may come back: its ledger is kept too, or a reboot would make it younger.
    return [...changes, ...this.#beliefs.all.flatMap((belief) => this.#checkpoint(belief, now))];
  }

  /** In how many milliseconds something of this will change if nothing else does. */
  wakeInMs(now: Instant): number {
    const times = this.#beliefs.spoken().flatMap((belief) => {
      const standing = standingOf(belief, this.#beliefs.tightening(belief.domain), now);
      const { cliff, lateInMs } = standing;
      return [
        cliff?.inMs ?? Number.POSITIVE_INFINITY,
        lateInMs ?? Number.POSITIVE_INFINITY,
        belief.future === null
          ? Number.POSITIVE_INFINITY
          : belief.future.issuedAt - believableUntil(belief, now),
      ];
    });
    const checkpoints = this.#beliefs.all.flatMap((belief) =>
      belief.keeping === null ? [] : [this.#checkpointAt(belief) - now.boot],
    );
    return Math.min(Number.POSITIVE_INFINITY, ...times, ...checkpoints);
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

  #checkpoint(belief: Belief, now: Instant): readonly Effect[] {
    if (belief.keeping === null || this.#checkpointAt(belief) > now.boot) return [];
    this.#stored.set(belief.domain, now.boot);
    const value = encodeKeeping(belief, this.#bootId, now.boot);
    return [{ kind: 'persist', writes: [{ key: recordKey(belief.domain, 'keeping'), value }] }];
  }

  /**
   * The stored ledger runs one step ahead; it is written again when half of it is used up, so that
   * a slow disk has the other half.
   */
  #checkpointAt(belief: Belief): BootMs {
    const stored = this.#stored.get(belief.domain);
    // At once after a start: a loop of reboots faster than the step would hide powered time.
    if (stored === undefined) return bootMs(0);
    const stepMs = ledgerStepMs(belief.beacon?.beacon.limits ?? NO_LIMITS);
    return bootMs(stored + Math.ceil(stepMs / 2));
  }
}
