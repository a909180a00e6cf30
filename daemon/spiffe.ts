/**
 * The verification library, for programs (`holdfast/spiffe`): X509-SVIDs and JWT-SVIDs judged
 * strictly by the standard, with bundles that the program has and at a moment that it names.
 *
 * Nothing here is asked of a daemon, reads a clock or remembers. Trust is by domain: an SVID is
 * judged by the bundle of its own trust domain, never by another's, and so is what is revoked. How
 * old a bundle is, only the program knows: a tier that it gives with one stands in the verdict.
 *
 *     const bundles = new Map([['home.example', parseBundle(text)]]);
 *     const { spiffeId, assurance } = verifyX509(chain, bundles, Date.now());
 */

import { toUtf8 } from '../core/bytes.ts';
import { isObject, type JsonObject, parseJson } from '../core/canonical.ts';
import { Refusal } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain, trustDomainOf } from '../core/spiffe-id.ts';
import { unixMs } from '../core/time.ts';
import type { Assurance } from '../federation/assurance.ts';
import { checkHonoured, parseScope, WHOLE_TERMS } from '../federation/relation.ts';
import { vouchingFor } from './identity/cell.ts';
import { verifyJwtSvid } from './identity/jwt-verify.ts';
import type { RevokedSet } from './identity/revoked.ts';
import {
  type AuthoritySet,
  parseSpiffeBundle,
  type SpiffeBundle,
} from './identity/spiffe-bundle.ts';
import { crlsIn, decodeCrl, isCrlOf, revokedBy } from './identity/x509-crl.ts';
import { type VerifiedSvid, verifyX509Svid } from './identity/x509-verify.ts';
import { type Honoured, honouredIn } from './relation/honoured.ts';

export { Refusal } from '../core/refusal.ts';
export { parseSpiffeId, parseTrustDomain, pathOf, trustDomainOf } from '../core/spiffe-id.ts';

/** What a program knows of a bundle besides its text. */
export interface BundleFacts {
  /** How fresh the program holds it to be; absent where it does not know. */
  readonly tier?: string;
  /** CRLs in DER, such as the Workload API hands out; those of other domains pass by. */
  readonly crls?: readonly Uint8Array[];
  /**
   * The program takes certificates of the domain's cells, such as `cell7.home.example`, by this
   * bundle: its Root allows them. No text of a bundle says so.
   */
  readonly vouchesForCells?: boolean;
  /**
   * What the relation to that domain honours: paths, each with all below it, and the least that is
   * said of a machine. Of what is not given here the text decides, as `holdfast bundle export
   * --domain NAME --format spiffe` writes it; another's text says nothing, and confines nothing.
   */
  readonly relation?: Partial<Honoured>;
}

/** A bundle, how fresh it is held to be, and what its domain revoked. */
export interface TrustedBundle extends SpiffeBundle {
  readonly tier: string | null;
  readonly revoked: RevokedSet;
  /** Since when there may be more, in Unix milliseconds; null where there is no list. */
  readonly revokedAsOf: number | null;
  readonly vouchesForCells: boolean;
  readonly relation: Honoured;
}

/** Bundles by the name of their trust domain. */
export type TrustedBundles = ReadonlyMap<string, TrustedBundle>;

/** What a verified SVID proves. */
export interface Verdict {
  readonly spiffeId: string;
  readonly trustDomain: string;
  /** Unix milliseconds: when it ends, or the first authority above it does. */
  readonly notAfter: number;
  /** The tier of the bundle that it was judged by. */
  readonly tier: string | null;
  /**
   * What its domain says of the machine: `software`, `vtpm`, `tpm` or `measured-boot`. A domain
   * that says nothing vouches for `software`.
   */
  readonly assurance: Assurance;
  /**
   * Unix milliseconds of the oldest list of revoked certificates that it is not on; null where the
   * domain gave none, and for a token, which lists do not name.
   */
  readonly revokedAsOf: number | null;
  /** All claims of a token; absent for a certificate. */
  readonly claims?: JsonObject;
}

/**
 * Reads a SPIFFE bundle (JWK Set), with the revocation lists in it. Refuses `bundle-malformed`,
 * and what is no JSON by the codes of the reader; a list that does not read as a CRL by those of
 * `decodeCrl`; a scope that is none with `scope-malformed`.
 */
export function parseBundle(text: string, facts: BundleFacts = {}): TrustedBundle {
  const { tier, crls = [], vouchesForCells = false } = facts;
  const value = parseJson(toUtf8(text));
  if (!isObject(value)) throw new Refusal('bundle-malformed', { why: 'no object' });
  const relation = { ...WHOLE_TERMS, ...honouredIn(value), ...facts.relation };
  const { scope, minAssurance } = relation;
  const bundle = parseSpiffeBundle(value);
  const authorities = [...bundle.x509Authorities, ...bundle.mlDsa65.x509Authorities];
  const given = crls.map(decodeCrl).filter((crl) => authorities.some((der) => isCrlOf(crl, der)));
  const lists = [...crlsIn(value, authorities), ...given];
  const oldest = Math.min(...lists.map(({ thisUpdate }) => thisUpdate));
  return {
    ...bundle,
    tier: tier ?? null,
    revoked: revokedBy(lists),
    revokedAsOf: lists.length === 0 ? null : oldest,
    vouchesForCells,
    relation: { scope: parseScope(scope), minAssurance },
  };
}

/**
 * Verifies a chain of DER certificates, leaf first, at `nowMs`. Refuses `svid-untrusted`,
 * `svid-expired`, `svid-revoked`, each broken rule of the standard by its own `svid-` code, and
 * `relation-scope` and `relation-assurance` for what the relation to its domain does not honour.
 */
export function verifyX509(
  chain: readonly Uint8Array[],
  bundles: TrustedBundles,
  nowMs: number,
): Verdict {
  const roots = authoritiesOf(bundles, ({ x509Authorities }) => x509Authorities);
  const revoked = new Map(
    Array.from(bundles, ([name, bundle]) => [parseTrustDomain(name), bundle.revoked]),
  );
  const cellsOf = cellDomains(bundles);
  const verified = verifyX509Svid(chain, roots, unixMs(nowMs), revoked, cellsOf);
  const { revokedAsOf = null } = bundleFor(verified.spiffeId, bundles) ?? {};
  return { ...verdictOf(verified, bundles), revokedAsOf };
}

/**
 * Verifies a token for `audience` at `nowMs`. Refuses `jwt-untrusted`, `jwt-signature`,
 * `jwt-expired`, `jwt-audience`, each broken rule of the standard by its own `jwt-` code, and as
 * `verifyX509` does what the relation does not honour.
 */
export function verifyJwt(
  token: string,
  audience: string,
  bundles: TrustedBundles,
  nowMs: number,
): Verdict {
  const keys = authoritiesOf(bundles, ({ jwtAuthorities }) => jwtAuthorities);
  const verified = verifyJwtSvid(token, audience, keys, unixMs(nowMs));
  return { ...verdictOf(verified, bundles), claims: verified.claims };
}

function authoritiesOf<T>(
  bundles: TrustedBundles,
  pick: (authorities: AuthoritySet) => readonly T[],
): ReadonlyMap<TrustDomain, readonly T[]> {
  return new Map(
    Array.from(bundles, ([name, bundle]) => [
      parseTrustDomain(name),
      [...pick(bundle), ...pick(bundle.mlDsa65)],
    ]),
  );
}

/** Nothing verifies without a bundle; a verdict by none would say nothing of its tier. */
const NO_FACTS = { tier: null, relation: WHOLE_TERMS };

function verdictOf(
  { spiffeId, notAfter, assurance }: Pick<VerifiedSvid, 'spiffeId' | 'notAfter' | 'assurance'>,
  bundles: TrustedBundles,
): Verdict {
  const trustDomain = trustDomainOf(spiffeId);
  const domain = vouchingFor(trustDomain, bundles, cellDomains(bundles));
  const { tier, relation } = bundles.get(domain) ?? NO_FACTS;
  checkHonoured({ domain, ...relation }, { spiffeId, assurance });
  return { spiffeId, trustDomain, notAfter, tier, assurance, revokedAsOf: null };
}

/** The bundle that an ID is judged by: of its own domain, or of the one whose cell that is. */
function bundleFor(spiffeId: VerifiedSvid['spiffeId'], bundles: TrustedBundles) {
  return bundles.get(vouchingFor(trustDomainOf(spiffeId), bundles, cellDomains(bundles)));
}

function cellDomains(bundles: TrustedBundles): readonly TrustDomain[] {
  return [...bundles]
    .filter(([, { vouchesForCells }]) => vouchesForCells)
    .map(([name]) => parseTrustDomain(name));
}
