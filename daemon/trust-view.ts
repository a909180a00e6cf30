/**
 * From belief to identities: what the Workload API may hand out now (PROTOCOL §4.6, §4.7).
 *
 * The tier of an act is the worst of every statement it rests on: a partner's bundle rests on the
 * partner's beacon and bundle, and on our own beacon and policy, which relate us to it.
 */

import { canonicalText } from '../core/canonical.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { SpiffeId, TrustDomain } from '../core/spiffe-id.ts';
import type { UnixMs } from '../core/time.ts';
import { type Assurance, isAssured } from '../federation/assurance.ts';
import type { Members } from '../federation/members.ts';
import { licenceFor } from '../federation/overriding.ts';
import type { Policy } from '../federation/policy.ts';
import type { ActionClass, Tier } from '../federation/tier.ts';
import {
  type DomainView,
  mayRestOnPartner,
  type Permission,
  permitted,
  worstOf,
} from '../federation/view.ts';
import { decodeCertificate } from './identity/certificate.ts';
import type { TrustView } from './identity/directory.ts';
import type { Entry } from './identity/entry.ts';
import { groupDocument, isGroupDocument, parseEntries } from './identity/entry-group.ts';
import { isAuthorityRevoked, type RevokedSet } from './identity/revoked.ts';
import {
  type AuthoritySet,
  type DomainAuthorities,
  jwkSpki,
  NO_AUTHORITIES,
  parseSpiffeBundle,
} from './identity/spiffe-bundle.ts';
import { withHonoured } from './relation/honoured.ts';
import { crlsOf, revokedOf } from './revoked-view.ts';
import { tierRefusal } from './tier-facts.ts';

/** What the lease of this node says about it. */
export interface NodeStanding {
  readonly spiffeId: SpiffeId;
  /** Whose entries it serves. */
  readonly group: string;
  readonly assurance: Assurance;
}

/** Bundles of partners that speak SPIFFE federation alone, of those of such a tier or better. */
export type EndpointBundles = (needs: Tier) => ReadonlyMap<TrustDomain, DomainAuthorities>;

/** What the use of a partner's bundle is judged by. */
interface Terms {
  readonly policy: Policy;
  readonly endpoints: EndpointBundles;
  readonly node: NodeStanding;
}

/** A view is made at every tick, and a document is another object as soon as it differs. */
const KNOWN_ENTRIES = new WeakMap<Members, readonly Entry[]>();
const KNOWN_BUNDLES = new WeakMap<Members, DomainAuthorities>();

/** What the directory of identities is fed with. */
export function trustViewOf(
  views: readonly DomainView[],
  policy: Policy,
  endpoints: EndpointBundles,
  node: NodeStanding,
): TrustView {
  const own = views.find((view) => view.isOwn);
  if (own === undefined) throw new Refusal('root-unknown', { why: 'no domain of our own' });
  const entries = entriesAt(own, node);
  const terms = { policy, endpoints, node };
  const issue = untilOf(own, policy, node, 'issue');
  const renew = untilOf(own, policy, node, 'renew');
  return {
    domain: own.domain,
    closed: null,
    entries: entries.filter(({ minAssurance }) => isAssured(node.assurance, minAssurance)),
    withheld: entries.filter(({ minAssurance }) => !isAssured(node.assurance, minAssurance)),
    assurance: node.assurance,
    ownAuthorities: bundleOf(own),
    foreignAuthorities: foreignAuthorities(views, own, terms),
    cellsOf: new Set(
      views.filter(({ leaseKinds }) => leaseKinds.includes('cell')).map(({ domain }) => domain),
    ),
    relations: policy.relations,
    unaccepted: new Set(
      views
        .filter((view) => !view.isOwn && !mayRestOn(view, own, terms, 'accept-foreign'))
        .map(({ domain }) => domain),
    ),
    issueUntil: issue.until,
    renewUntil: renew.until,
    underOverride: { issue: issue.override, renew: renew.override },
    ownRevoked: revokedOf(own),
    foreignRevoked: new Map(views.map((view) => [view.domain, revokedOf(view)])),
    crls: new Map(views.map((view) => [view.domain, crlsOf(view).map(({ der }) => der)])),
  };
}

/** The registration entries of our own domain, of every group whose document is held. */
export function entriesOf(own: DomainView): readonly Entry[] {
  return [...own.documents.keys()]
    .filter(isGroupDocument)
    .sort()
    .flatMap((name) => entriesIn(own, name));
}

/** The entries that this node serves: of its group, for all of the group's nodes or for itself. */
function entriesAt(own: DomainView, { group, spiffeId }: NodeStanding): readonly Entry[] {
  const entries = entriesIn(own, groupDocument(group));
  return entries.filter(({ parent }) => parent === null || parent === spiffeId);
}

function entriesIn(own: DomainView, name: string): readonly Entry[] {
  const members = own.documents.get(name)?.members;
  if (members === undefined) return [];
  const known = KNOWN_ENTRIES.get(members);
  if (known !== undefined) return known;
  const entries = parseEntries(members.json(), own.domain);
  KNOWN_ENTRIES.set(members, entries);
  return entries;
}

/** What every act of our own rests on, beside our beacon. */
function ownStatements({ group }: NodeStanding): readonly string[] {
  return ['policy', groupDocument(group)];
}

/** The authorities of a domain, as it published them. */
export function bundleOf(view: DomainView): DomainAuthorities {
  const bundle = view.documents.get('bundle');
  if (bundle === undefined) return { ...NO_AUTHORITIES, mlDsa65: NO_AUTHORITIES };
  return withoutRevoked(authoritiesIn(bundle.members), revokedOf(view));
}

function authoritiesIn(members: Members): DomainAuthorities {
  const known = KNOWN_BUNDLES.get(members);
  if (known !== undefined) return known;
  const authorities = parseSpiffeBundle(members.json());
  KNOWN_BUNDLES.set(members, authorities);
  return authorities;
}

/** A revoked authority is nobody's root any more, whatever the bundle still says. */
function withoutRevoked(bundle: DomainAuthorities, revoked: RevokedSet): DomainAuthorities {
  if (revoked.authorities.size === 0) return bundle;
  const left = ({ x509Authorities, jwtAuthorities }: AuthoritySet): AuthoritySet => ({
    x509Authorities: x509Authorities.filter(
      (der) => !isAuthorityRevoked(revoked, decodeCertificate(der)),
    ),
    jwtAuthorities: jwtAuthorities.filter(
      (key) => !revoked.authorities.has(digestOf(jwkSpki(key.jwk))),
    ),
  });
  return { ...left(bundle), mlDsa65: left(bundle.mlDsa65) };
}

/**
 * The bundle document as a SPIFFE bundle: the payload as it stands, and of a partner what our
 * relation honours of it. Refuses `document-not-pinned` where none is held.
 */
export function bundleText(view: DomainView): string {
  const bundle = view.documents.get('bundle');
  if (bundle === undefined) throw new Refusal('document-not-pinned', { domain: view.domain });
  const published = bundle.members.json();
  const { relation } = view;
  return `${canonicalText(relation === null ? published : withHonoured(published, relation))}\n`;
}

/** The X.509 authorities of a domain that any SPIFFE library knows. */
export function authoritiesOf(view: DomainView): readonly Uint8Array[] {
  return bundleOf(view).x509Authorities;
}

/** True while an act may rest on the bundle of this partner. */
function mayRestOn(
  view: DomainView,
  own: DomainView,
  { policy, node }: Terms,
  action: 'serve-foreign' | 'accept-foreign',
): boolean {
  return mayRestOnPartner(view, own, policy, { action, documents: ownStatements(node) });
}

function foreignAuthorities(
  views: readonly DomainView[],
  own: DomainView,
  terms: Terms,
): ReadonlyMap<TrustDomain, DomainAuthorities> {
  const partners = views.filter(
    (view) => !view.isOwn && mayRestOn(view, own, terms, 'serve-foreign'),
  );
  const signed = partners.flatMap((view) => {
    // A bundle we cannot use is absent, like one that is too old; the partner's others stay.
    const authorities = refusalOf(() => bundleOf(view));
    return authorities instanceof Refusal ? [] : [[view.domain, authorities] as const];
  });
  return new Map([...unsigned(views, own, terms), ...signed]);
}

/**
 * What endpoints alone vouch for. A domain that we hold signed statements of has no second source:
 * what is too old there is not to be had here, or the weaker way would decide.
 */
function unsigned(
  views: readonly DomainView[],
  own: DomainView,
  { policy, endpoints, node }: Terms,
): readonly (readonly [TrustDomain, DomainAuthorities])[] {
  const needs = policy.tiers.get('serve-foreign') ?? 'FRESH';
  const tier = worstOf(own, ownStatements(node));
  const licence = licenceFor(own.overrides, 'serve-foreign', { tier, needs });
  if (licence === null) return [];
  const known = new Set(views.map(({ domain }) => domain));
  return [...endpoints(needs)].filter(([domain]) => !known.has(domain));
}

function untilOf(
  own: DomainView,
  policy: Policy,
  node: NodeStanding,
  action: ActionClass,
): { readonly until: UnixMs | Refusal; readonly override: Digest | null } {
  const permission: Permission = permitted(own, policy, {
    action,
    lifetime: 'renew',
    documents: ownStatements(node),
  });
  if (permission.permitted) return permission;
  return { until: tierRefusal(own, action, permission), override: null };
}
