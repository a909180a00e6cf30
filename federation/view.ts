/**
 * The view: what this node believes right now, for whoever acts on it or shows it.
 *
 * Everything is computed from the beliefs for one reading of the clocks; nothing here is stored,
 * and nothing decides. A verdict on an act is `permitted`.
 */

import type { Digest } from '../core/digest.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { addMs, type UnixMs } from '../core/time.ts';
import {
  type Belief,
  documentNamed,
  type HeldDocument,
  isManifestCurrent,
  newestRoot,
} from './belief.ts';
import type { Members } from './members.ts';
import type { Moment } from './moment.ts';
import { licenceFor, type OverrideInForce } from './overriding.ts';
import type { Policy } from './policy.ts';
import type { Relation } from './relation.ts';
import type { Revocations } from './revocations.ts';
import type { LeaseKind } from './root.ts';
import { documentTier, type Standing, standingOf, type Tightening } from './standing.ts';
import { type ActionClass, limitOf, type Tier, worst } from './tier.ts';

/** One content document as it stands now. */
export interface DocumentView {
  readonly version: bigint;
  readonly digest: Digest;
  readonly tier: Tier;
  /** The asOf of the last evidence that pinned it; null while the newest does. */
  readonly frozenAsOf: UnixMs | null;
  readonly members: Members;
}

/** One domain as it stands now; numbers are 0 before any evidence. */
export interface DomainView {
  readonly domain: TrustDomain;
  readonly isOwn: boolean;
  readonly relation: Relation | null;
  readonly firstRoot: Digest;
  readonly rootVersion: bigint;
  /** Keys and threshold of the root role: a Root of one key says so everywhere. */
  readonly rootKeys: { readonly threshold: number; readonly count: number } | null;
  /** The kinds of lease that its Root allows; with `cell` it vouches for its cells. */
  readonly leaseKinds: readonly LeaseKind[];
  readonly standing: Standing;
  readonly lineage: bigint;
  readonly rank: number;
  readonly epoch: bigint;
  readonly beacon: Digest | null;
  readonly tick: number;
  /** The manifest of the newest beacon is held. */
  readonly isComplete: boolean;
  /** What the domain took back for good. */
  readonly revocations: Revocations;
  /** What our people permit beyond the age of what it said (PROTOCOL §4.9). */
  readonly overrides: readonly OverrideInForce[];
  /** By name. */
  readonly documents: ReadonlyMap<string, DocumentView>;
}

/** What a domain is looked at by, beside what it says itself. */
export interface ViewTerms {
  readonly relation: Relation | null;
  readonly tightening: Tightening;
  /** All that are in force. */
  readonly overrides: readonly OverrideInForce[];
}

/** A domain as it looks by what it says alone. */
export const NO_TERMS: ViewTerms = { relation: null, tightening: [], overrides: [] };

/** How a domain looks now. */
export function viewOf(
  belief: Belief,
  now: Moment,
  { relation, tightening, overrides }: ViewTerms,
): DomainView {
  const standing = standingOf(belief, tightening, now);
  const root = newestRoot(belief)?.root;
  const beacon = belief.beacon?.beacon;
  return {
    domain: belief.domain,
    isOwn: relation === null,
    leaseKinds: root?.leaseKinds ?? [],
    relation,
    firstRoot: belief.firstRoot,
    rootVersion: root?.version ?? 0n,
    rootKeys:
      root === undefined ? null : { threshold: root.root.threshold, count: root.root.keys.size },
    standing,
    lineage: beacon?.lineage ?? 0n,
    rank: beacon?.rank ?? 0,
    epoch: beacon?.epoch ?? 0n,
    beacon: beacon?.digest ?? null,
    tick: belief.tick?.index ?? 0,
    isComplete: isManifestCurrent(belief),
    revocations: belief.revocations,
    // An override is no date: where that of the domain is in doubt, it ends nothing.
    overrides: standing.timeUnknown ? [] : overrides.filter(({ about }) => about === belief.domain),
    documents: documentsOf(belief, standing),
  };
}

/** What was last shown of the documents held: ticks change none of them. */
const shown = new WeakMap<
  Belief['documents'],
  { readonly tier: Tier; readonly views: Documents }
>();
type Documents = DomainView['documents'];

function documentsOf({ documents }: Belief, standing: Standing): Documents {
  const { tier } = standing;
  const last = shown.get(documents);
  if (last?.tier === tier) return last.views;
  const held = [...documents.values()];
  const views = new Map(held.map((one) => [one.head.name, documentView(one, standing)]));
  // What is frozen grows older by itself; all else stands as its domain does.
  if (held.every(({ frozenAsOf }) => frozenAsOf === null)) shown.set(documents, { tier, views });
  return views;
}

function documentView(held: HeldDocument, standing: Standing): DocumentView {
  const { frozenAsOf, members, head } = held;
  const tier = documentTier(held, standing);
  return { version: head.version, digest: head.digest, tier, frozenAsOf, members };
}

/**
 * What one act may do: until when what it makes may live, and the override that it takes, or the
 * tier that forbids it.
 */
export type Permission =
  | { readonly permitted: true; readonly until: UnixMs; readonly override: Digest | null }
  | { readonly permitted: false; readonly tier: Tier; readonly needs: Tier };

/**
 * Whether an act of this class may rest on these documents of the domain (PROTOCOL §4.6): the
 * worst tier among them decides. What it makes lives no longer than the evidence may be renewed
 * for, asOf + the limit of the `lifetime` class (§4.7): an issued credential could be renewed until
 * then, so ending it sooner would withdraw nothing sooner. What an override alone permits ends with
 * that.
 */
export function permitted(
  view: DomainView,
  policy: Policy,
  act: {
    readonly action: ActionClass;
    readonly lifetime: ActionClass;
    readonly documents: readonly string[];
  },
): Permission {
  const tier = worstOf(view, act.documents);
  const needs = policy.tiers.get(act.action) ?? 'FRESH';
  const { asOf, limits } = view.standing;
  const licence = licenceFor(view.overrides, act.action, { tier, needs });
  if (asOf === null || licence === null) return { permitted: false, tier, needs };
  if (licence !== 'plain') {
    return { permitted: true, until: licence.notAfter, override: licence.digest };
  }
  const last = limitOf(policy.tiers.get(act.lifetime) ?? 'FRESH', limits) ?? 0;
  return { permitted: true, until: addMs(asOf, last), override: null };
}

/** The worst of what a domain says itself and of these documents of it (PROTOCOL §4.6). */
export function worstOf(view: DomainView, documents: readonly string[]): Tier {
  let { tier } = view.standing;
  for (const name of documents) tier = worst(tier, view.documents.get(name)?.tier ?? 'EXPIRED');
  return tier;
}

/**
 * Whether an act may rest on the bundle of a partner (PROTOCOL §4.6, §4.7): on what the partner
 * says, and no less on what of ours says that it is one.
 */
export function mayRestOnPartner(
  partner: DomainView,
  own: DomainView,
  policy: Policy,
  act: {
    readonly action: 'serve-foreign' | 'accept-foreign';
    /** What of ours it rests on beside our beacon. */
    readonly documents: readonly string[];
  },
): boolean {
  const table = policy.tiers.get(act.action) ?? 'FRESH';
  const needs = partner.relation?.survivalForeign === true ? worst(table, 'SURVIVAL') : table;
  const theirs = worstOf(partner, ['bundle']);
  const ours = worstOf(own, act.documents);
  // PROTOCOL §4.9 — an override is about one domain: it lifts nobody else's statements.
  const isLicensed = ({ overrides }: DomainView, tier: Tier): boolean =>
    licenceFor(overrides, act.action, { tier, needs }) !== null;
  return partner.documents.has('bundle') && isLicensed(partner, theirs) && isLicensed(own, ours);
}

/** The members of a document of this belief, or null. */
export function documentMembers(belief: Belief, name: string): Members | null {
  return documentNamed(belief, name)?.members ?? null;
}
