/**
 * All beliefs of a node: its own domain, and the domains its policy relates to.
 *
 * A relation is looked up anew at each use (PROTOCOL §5.6): a belief about a domain that is no
 * partner any more stays in storage, so that its marks are not lost, and speaks no longer.
 */

import { assert } from '../core/assert.ts';
import type { Digest } from '../core/digest.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { admitAll, admitNews } from './admit.ts';
import { clockOf } from './age.ts';
import { type Belief, documentNamed, newBelief, newestRoot } from './belief.ts';
import type { FileItem } from './bundle-file.ts';
import { type AgeLimits, NO_LIMITS } from './limits.ts';
import type { Moment } from './moment.ts';
import { NO_POLICY, type Policy, readPolicy } from './policy.ts';
import { type Boot, recordsByDomain, restoreBelief } from './record.ts';
import type { Relation } from './relation.ts';
import type { Tightening } from './standing.ts';
import { tickTagOf, type UnverifiedTick } from './tick.ts';
import { cutDown } from './tier.ts';

const NOTHING_COUNTS: Tightening = [NO_LIMITS];

/** The beliefs of one node, by domain, and the policy that says which of them speak. */
export class Beliefs {
  readonly ownDomain: TrustDomain;
  /** What local configuration binds every domain by. */
  readonly #local: Tightening;
  readonly #all = new Map<TrustDomain, Belief>();
  /** What is held of our own domain, which every step asks for. */
  #own: Belief | null = null;
  #policy: Policy = NO_POLICY;
  /** Digests of the Root and the policy document that `#policy` was read from. */
  #policySource = '';
  #spoken: readonly Belief[] | null = null;
  /** Places in `#spoken` by what ticks call the beacons there; null until it is asked for. */
  #named: ReadonlyMap<string, number> | null = null;

  /** Restores what was stored. `local` tightens every domain's limits. */
  constructor(
    own: TrustDomain,
    records: ReadonlyMap<string, Uint8Array>,
    boot: Boot,
    local: AgeLimits | null,
  ) {
    this.ownDomain = own;
    this.#local = local === null ? [] : [local];
    for (const [domain, mine] of recordsByDomain(records)) {
      const belief = restoreBelief(domain, mine, boot);
      if (belief !== null) this.#all.set(domain, belief);
    }
    this.#own = this.#all.get(own) ?? null;
    this.#readPolicy();
  }

  get own(): Belief {
    assert(this.#own !== null, 'a node is started with the Root of its own domain');
    return this.#own;
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Everything that is stored, former partners too: their age goes on. */
  get all(): Iterable<Belief> {
    return this.#all.values();
  }

  /** All that is stored of foreign domains, but for one. */
  foreign(but: TrustDomain): readonly Belief[] {
    const isOther = ({ domain }: Belief) => domain !== this.ownDomain && domain !== but;
    return [...this.#all.values()].filter(isOther);
  }

  /** Our own domain and every partner, by name; the same array until a belief changes. */
  readonly spoken = (): readonly Belief[] => {
    this.#spoken ??= [...this.#all.values()]
      .filter((belief) => this.isSpoken(belief.domain))
      .sort((a, b) => (a.domain < b.domain ? -1 : 1));
    return this.#spoken;
  };

  /**
   * True for our own domain and for partners. A domain is its name and its first Root: what is
   * held under another first Root than the relation now names is not the partner (PROTOCOL §2.4).
   */
  isSpoken(domain: TrustDomain): boolean {
    return domain === this.ownDomain || this.spokenOf(domain) !== null;
  }

  relationTo(domain: TrustDomain): Relation | null {
    return this.#policy.relations.get(domain) ?? null;
  }

  /** The belief about a domain we may speak of. Refuses `domain-unrelated`. */
  of(domain: TrustDomain): Belief {
    const belief = this.spokenOf(domain);
    if (belief === null) throw new Refusal('domain-unrelated', { domain });
    return belief;
  }

  /** The same, or null. */
  spokenOf(domain: TrustDomain): Belief | null {
    if (domain === this.ownDomain) return this.#own;
    const belief = this.#all.get(domain);
    if (belief === undefined) return null;
    return belief.firstRoot === this.relationTo(domain)?.firstRoot ? belief : null;
  }

  /**
   * What our own domain would be with the documents of a file: a first contact under `firstRoot`,
   * or the news in it. Refuses `root-conflict` where another first Root is held, and as `admitAll`
   * and `admitNews` do.
   */
  admitOwn(context: AdmitContext, firstRoot: Digest, items: readonly FileItem[]): Admission {
    const known = this.stored(this.ownDomain);
    if (known === null) return admitAll(context, newBelief(this.ownDomain, firstRoot), items);
    if (known.firstRoot !== firstRoot) {
      throw new Refusal('root-conflict', { expected: known.firstRoot, got: firstRoot });
    }
    return admitNews(context, known, items);
  }

  /** What is stored about a domain, related or not. */
  stored(domain: TrustDomain): Belief | null {
    return domain === this.ownDomain ? this.#own : (this.#all.get(domain) ?? null);
  }

  /** The belief whose beacon this tick names. Refuses `tick-unknown-beacon`. */
  ofTick(tick: UnverifiedTick): Belief {
    const found = this.namedBy(tick.tag);
    if (found === null) throw new Refusal('tick-unknown-beacon');
    return found;
  }

  /** The same, or null: most of what is gossiped is about domains that we do not speak of. */
  namedBy(tag: string): Belief | null {
    this.#named ??= this.#nameAll();
    const place = this.#named.get(tag);
    return place === undefined ? null : (this.spoken()[place] ?? null);
  }

  #nameAll(): ReadonlyMap<string, number> {
    const named = new Map<string, number>();
    for (const [place, { beacon }] of this.spoken().entries()) {
      if (beacon === null) continue;
      const tag = tickTagOf(beacon.beacon.digest);
      if (!named.has(tag)) named.set(tag, place);
    }
    return named;
  }

  /**
   * Limits that bind us beside those of a domain that we relate to so (PROTOCOL §4.5). A relation
   * that has ended by its date leaves none of its evidence any worth.
   */
  tightening(relation: Relation | null, now: Moment): Tightening {
    if (relation === null) return this.#local;
    if (this.#hasEnded(relation, now)) return NOTHING_COUNTS;
    return relation.limits === null ? this.#local : [relation.limits, ...this.#local];
  }

  /** True where our relation to a domain has ended by its date, on our own clock. */
  isOver(domain: TrustDomain, now: Moment): boolean {
    const relation = this.relationTo(domain);
    return relation !== null && this.#hasEnded(relation, now);
  }

  /** In how many milliseconds it will be over; infinite where only people end it, or it is. */
  overInMs(relation: Relation | null, now: Moment): number {
    const notAfter = relation?.notAfter ?? null;
    if (notAfter === null) return Number.POSITIVE_INFINITY;
    const inMs = notAfter - clockOf(this.own, now);
    return inMs > 0 ? inMs : Number.POSITIVE_INFINITY;
  }

  #hasEnded({ notAfter }: Relation, now: Moment): boolean {
    return notAfter !== null && notAfter <= clockOf(this.own, now);
  }

  /** Believes it from now on; what was believed of that domain before, or null. */
  set(belief: Belief): Belief | null {
    const before = this.#all.get(belief.domain) ?? null;
    this.#all.set(belief.domain, belief);
    const isSame = before !== null && before.firstRoot === belief.firstRoot;
    const place = isSame ? (this.#spoken?.indexOf(before) ?? -1) : -1;
    if (!isSame) this.#spoken = null;
    else if (place >= 0) this.#spoken = this.#spoken?.with(place, belief) ?? null;
    if (!isSame || before.beacon !== belief.beacon) this.#named = null;
    if (belief.domain === this.ownDomain) {
      this.#own = belief;
      if (before?.documents !== belief.documents || before.roots !== belief.roots) {
        this.#readPolicy();
      }
    }
    return before;
  }

  /** The policy is the document our own domain pins; a new partner starts with its name alone. */
  #readPolicy(): void {
    const own = this.#own;
    const document = own === null ? null : documentNamed(own, 'policy');
    const root = own === null ? null : newestRoot(own);
    const source = `${root?.digest} ${document?.head.digest}`;
    if (source === this.#policySource) return;
    this.#policySource = source;
    this.#spoken = null;
    this.#named = null;
    const policy = document === null ? NO_POLICY : readPolicy(document.members);
    // PROTOCOL §4.7 — the documents key may not permit itself what Root does not.
    this.#policy = { ...policy, tiers: cutDown(policy.tiers, root?.root.tierCaps ?? new Map()) };
    for (const relation of this.#policy.relations.values()) {
      if (this.#all.has(relation.domain)) continue;
      this.#all.set(relation.domain, newBelief(relation.domain, relation.firstRoot));
    }
  }
}
