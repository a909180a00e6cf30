/**
 * The verification library, for programs (`holdfast/spiffe`): X509-SVIDs and JWT-SVIDs judged
 * strictly by the standard, with bundles that the program has and at a moment that it names.
 *
 * Nothing here is asked of a daemon, reads a clock or remembers. Trust is by domain: an SVID is
 * judged by the bundle of its own trust domain, never by another's. What a program learns from a
 * bundle's age is its own to know: a tier that it gives with a bundle stands in the verdict.
 *
 *     const bundles = new Map([['home.example', parseBundle(text)]]);
 *     const { spiffeId } = verifyX509(chain, bundles, Date.now());
 */

import { toUtf8 } from '../core/bytes.ts';
import { isObject, type JsonObject, parseJson } from '../core/canonical.ts';
import { Refusal } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain, trustDomainOf } from '../core/spiffe-id.ts';
import { type UnixMs, unixMs } from '../core/time.ts';
import { verifyJwtSvid } from './identity/jwt-verify.ts';
import {
  type AuthoritySet,
  parseSpiffeBundle,
  type SpiffeBundle,
} from './identity/spiffe-bundle.ts';
import { verifyX509Svid } from './identity/x509-verify.ts';

export { Refusal } from '../core/refusal.ts';
export { parseSpiffeId, parseTrustDomain, pathOf, trustDomainOf } from '../core/spiffe-id.ts';

/** A bundle, and how fresh the program holds it to be; `null` where it does not know. */
export interface TrustedBundle extends SpiffeBundle {
  readonly tier: string | null;
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
  /** All claims of a token; absent for a certificate. */
  readonly claims?: JsonObject;
}

/**
 * Reads a SPIFFE bundle (JWK Set). Refuses `bundle-malformed`, and what is no JSON by the codes of
 * the reader.
 */
export function parseBundle(text: string, tier: string | null = null): TrustedBundle {
  const value = parseJson(toUtf8(text));
  if (!isObject(value)) throw new Refusal('bundle-malformed', { why: 'no object' });
  return { ...parseSpiffeBundle(value), tier };
}

/**
 * Verifies a chain of DER certificates, leaf first, at `nowMs`. Refuses `svid-untrusted`,
 * `svid-expired`, and each broken rule of the standard by its own `svid-` code.
 */
export function verifyX509(
  chain: readonly Uint8Array[],
  bundles: TrustedBundles,
  nowMs: number,
): Verdict {
  const roots = authoritiesOf(bundles, ({ x509Authorities }) => x509Authorities);
  return verdictOf(verifyX509Svid(chain, roots, unixMs(nowMs)), bundles);
}

/**
 * Verifies a token for `audience` at `nowMs`. Refuses `jwt-untrusted`, `jwt-signature`,
 * `jwt-expired`, `jwt-audience`, and each broken rule of the standard by its own `jwt-` code.
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

function verdictOf(
  { spiffeId, notAfter }: { spiffeId: Parameters<typeof trustDomainOf>[0]; notAfter: UnixMs },
  bundles: TrustedBundles,
): Verdict {
  const trustDomain = trustDomainOf(spiffeId);
  return { spiffeId, trustDomain, notAfter, tier: bundles.get(trustDomain)?.tier ?? null };
}
