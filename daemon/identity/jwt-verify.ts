/**
 * Reads and verifies JWT-SVIDs of others, by the letter of the standard (JWT-SVID §2 to §5).
 *
 * Two steps with two types, as for X.509: `parseJwtSvid` judges the shape, `verifyJwtSvid` adds
 * dates, audience and the signature by a key of the subject's own trust domain. The algorithm has
 * to be one of the key's: a token does not choose how it is verified. `kid` is demanded, as every
 * implementation does, though the standard's text leaves it open. No leeway is given: whose clock
 * is wrong should find out.
 */

import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { fromBase64Url, toUtf8 } from '../../core/bytes.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../../core/canonical.ts';
import { JWT_AUDIENCE_CHARS_MAX, JWT_AUDIENCES_MAX, JWT_CHARS_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import {
  parseSpiffeId,
  pathOf,
  type SpiffeId,
  type TrustDomain,
  trustDomainOf,
} from '../../core/spiffe-id.ts';
import { SECOND_MS, UNIX_MS_MAX, type UnixMs, unixMs } from '../../core/time.ts';
import { ASSURANCES, type Assurance, parseAssurance } from '../../federation/assurance.ts';
import type { JwtAuthority } from './jwt-authority.ts';
import { ASSURANCE_CLAIM } from './jwt-svid.ts';

/** A token of the right shape, which nobody has verified. */
export interface UnverifiedJwtSvid {
  readonly spiffeId: SpiffeId;
  readonly audience: readonly string[];
  readonly notAfter: UnixMs;
  /** All claims, with `aud` as a list. */
  readonly claims: JsonObject;
  readonly algorithm: string;
  readonly kid: string;
  /** What the signature covers, and the signature. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a verified token proves. */
export interface VerifiedJwtSvid {
  readonly spiffeId: SpiffeId;
  readonly notAfter: UnixMs;
  /** What the domain says of the machine; the least where it says nothing (PROTOCOL §7.3). */
  readonly assurance: Assurance;
  readonly claims: JsonObject;
}

/** The keys of each domain that the caller trusts at this moment. */
export type JwtKeys = ReadonlyMap<TrustDomain, readonly JwtAuthority[]>;

/** How a signature is made, and what kind of key makes it (RFC 7518 §3.1, and ML-DSA for JOSE). */
interface Algorithm {
  readonly hash: string | null;
  /** `kty`, and `crv` or `alg` where that decides. */
  readonly key: string;
  readonly padding?: number;
}

const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ['ES256', { hash: 'sha256', key: 'EC P-256' }],
  ['ES384', { hash: 'sha384', key: 'EC P-384' }],
  ['ES512', { hash: 'sha512', key: 'EC P-521' }],
  ['RS256', { hash: 'sha256', key: 'RSA', padding: constants.RSA_PKCS1_PADDING }],
  ['RS384', { hash: 'sha384', key: 'RSA', padding: constants.RSA_PKCS1_PADDING }],
  ['RS512', { hash: 'sha512', key: 'RSA', padding: constants.RSA_PKCS1_PADDING }],
  ['PS256', { hash: 'sha256', key: 'RSA', padding: constants.RSA_PKCS1_PSS_PADDING }],
  ['PS384', { hash: 'sha384', key: 'RSA', padding: constants.RSA_PKCS1_PSS_PADDING }],
  ['PS512', { hash: 'sha512', key: 'RSA', padding: constants.RSA_PKCS1_PSS_PADDING }],
  ['ML-DSA-65', { hash: null, key: 'AKP ML-DSA-65' }],
]);
const TYPES: readonly Json[] = ['JWT', 'JOSE'];

/** Reads a token. Refuses `jwt-malformed`, `jwt-algorithm` and `jwt-kid`. */
export function parseJwtSvid(token: string): UnverifiedJwtSvid {
  if (token.length > JWT_CHARS_MAX) refuse('too long', token.length);
  const [header = '', payload = '', signature = '', surplus] = token.split('.');
  if (surplus !== undefined) refuse('more than three segments');
  // JWT-SVID §2: any other header must not be included.
  const { alg, kid, typ, ...rest } = objectIn(header, 'header');
  const surprise = Object.keys(rest)[0];
  if (surprise !== undefined) refuse('a header nobody knows', surprise.slice(0, 64));
  if (typeof alg !== 'string' || !ALGORITHMS.has(alg)) {
    throw new Refusal('jwt-algorithm', { got: String(alg).slice(0, 64) });
  }
  if (typ !== undefined && !TYPES.includes(typ)) refuse('of another type');
  if (typeof kid !== 'string' || kid === '') throw new Refusal('jwt-kid');
  const claims = objectIn(payload, 'claims');
  const { sub, exp } = claims;
  if (typeof sub !== 'string') refuse('sub');
  const spiffeId = refusalOf(() => parseSpiffeId(sub));
  if (spiffeId instanceof Refusal || pathOf(spiffeId) === '') refuse('sub', sub.slice(0, 128));
  const audience = audienceOf(claims);
  return {
    spiffeId,
    audience,
    notAfter: momentOf(exp, 'exp'),
    claims: { ...claims, aud: audience },
    algorithm: alg,
    kid,
    signed: toUtf8(`${header}.${payload}`),
    signature: bytesIn(signature, 'signature'),
  };
}

/**
 * Verifies a token for `audience` at `now` by the keys of its own domain. Refuses what
 * `parseJwtSvid` does, `jwt-expired`, `jwt-audience`, `jwt-untrusted` and `jwt-signature`.
 */
export function verifyJwtSvid(
  token: string,
  audience: string,
  keys: JwtKeys,
  now: UnixMs,
): VerifiedJwtSvid {
  const svid = parseJwtSvid(token);
  const { spiffeId, notAfter, claims, kid } = svid;
  const begins = claims.nbf === undefined ? now : momentOf(claims.nbf, 'nbf');
  if (notAfter <= now || now < begins) throw new Refusal('jwt-expired', { notAfter, now });
  if (!svid.audience.includes(audience)) {
    throw new Refusal('jwt-audience', { expected: audience.slice(0, 128) });
  }
  const domain = trustDomainOf(spiffeId);
  const authority = keys.get(domain)?.find((candidate) => candidate.kid === kid);
  if (authority === undefined)
    throw new Refusal('jwt-untrusted', { domain, kid: kid.slice(0, 64) });
  if (!isSignedBy(svid, authority)) throw new Refusal('jwt-signature', { domain });
  const assurance = parseAssurance(String(claims[ASSURANCE_CLAIM])) ?? ASSURANCES[0];
  return { spiffeId, notAfter, assurance, claims };
}

function isSignedBy(svid: UnverifiedJwtSvid, { jwk }: JwtAuthority): boolean {
  const algorithm = ALGORITHMS.get(svid.algorithm);
  if (algorithm === undefined || algorithm.key !== kindOf(jwk)) return false;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return false; // a key OpenSSL does not have signs nothing here
  }
  const { hash, padding } = algorithm;
  const options = { key, dsaEncoding: 'ieee-p1363' as const, ...(padding ? { padding } : {}) };
  return verify(hash, svid.signed, hash === null ? key : options, svid.signature);
}

function kindOf(jwk: JsonObject): string {
  switch (jwk.kty) {
    case 'EC':
      return `EC ${String(jwk.crv)}`;
    case 'AKP':
      return `AKP ${String(jwk.alg)}`;
    default:
      return String(jwk.kty);
  }
}

/** JWT-SVID §3.2: one text or a list of them, and at least one. */
function audienceOf({ aud }: JsonObject): readonly string[] {
  const list: readonly Json[] = Array.isArray(aud) ? aud : aud === undefined ? [] : [aud as Json];
  if (list.length === 0 || list.length > JWT_AUDIENCES_MAX) refuse('aud');
  return list.map((item) => {
    const isText = typeof item === 'string' && item.length <= JWT_AUDIENCE_CHARS_MAX;
    return isText ? item : refuse('aud');
  });
}

/** A NumericDate (RFC 7519 §2): seconds, whole or not. */
function momentOf(value: Json | undefined, claim: string): UnixMs {
  if (typeof value !== 'number' || value < 0) return refuse(claim);
  return unixMs(Math.min(UNIX_MS_MAX, Math.floor(value * SECOND_MS)));
}

function objectIn(segment: string, part: string): JsonObject {
  const bytes = bytesIn(segment, part);
  const value = refusalOf(() => parseJson(bytes, JWT_CHARS_MAX));
  if (value instanceof Refusal || !isObject(value)) return refuse(part);
  return value;
}

function bytesIn(segment: string, part: string): Uint8Array {
  const bytes = refusalOf(() => fromBase64Url(segment));
  if (bytes instanceof Refusal || bytes.length === 0) return refuse(part);
  return bytes;
}

function refuse(why: string, got: string | number = ''): never {
  throw new Refusal('jwt-malformed', { why, got });
}
