/**
 * The SPIFFE bundle: the authorities of one trust domain as a JWK Set (SPIFFE Trust Domain and
 * Bundle §4).
 *
 * The bundle neither names its domain nor is signed: the document that carries it does both, and
 * its age is judged there too. This file reads and writes the JSON alone. What others put in
 * (`wit-svid`, key types of the future) passes by; what claims to be ours and is broken is refused
 * whole, since half a bundle is a bundle nobody published.
 */

import { createPublicKey, X509Certificate } from 'node:crypto';
import { equalBytes, fromBase64, toBase64 } from '../../core/bytes.ts';
import { isObject, type Json, type JsonObject } from '../../core/canonical.ts';
import { AUTHORITIES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { decodeCertificate } from './certificate.ts';
import type { JwtAuthority } from './jwt-authority.ts';

/** What a consumer takes when the publisher gives no hint (Federation §5.2: a low value). */
export const REFRESH_HINT_SECONDS_DEFAULT = 300;

const WIDE = /^[1-9][0-9]{15,19}$/;
const U64_MAX = (1n << 64n) - 1n;
const CLASSICAL: readonly string[] = ['EC', 'RSA', 'OKP'];
const PUBLIC_MEMBERS: readonly string[] = ['kty', 'crv', 'x', 'y', 'n', 'e'];

/**
 * Our own top-level member for ML-DSA-65 keys, JWKs as in `keys`. In `keys` itself they would make
 * libraries that do not know them drop the whole bundle.
 */
const ML_DSA_65_MEMBER = 'holdfast_ml_dsa_65_keys';

/** What signs in a domain. */
export interface AuthoritySet {
  /** CA certificates, DER. */
  readonly x509Authorities: readonly Uint8Array[];
  readonly jwtAuthorities: readonly JwtAuthority[];
}

/** No authority at all. */
export const NO_AUTHORITIES: AuthoritySet = { x509Authorities: [], jwtAuthorities: [] };

/** What signs in a domain, by what a client can be expected to know. */
export interface DomainAuthorities extends AuthoritySet {
  /** What only clients that asked for it are shown. */
  readonly mlDsa65: AuthoritySet;
}

/** The contents of a bundle. No authority at all means: everything is revoked. */
export interface SpiffeBundle extends DomainAuthorities {
  readonly sequence: bigint | null;
  readonly refreshHintSeconds: number;
}

/**
 * Writes the members of a bundle from the JWKs of its authorities, which each bear their use
 * (`encodeX509Key`, `encodeJwtKey`). Numbering it is the publisher's.
 */
export function encodeKeys(keys: readonly JsonObject[], refreshHintSeconds: number): JsonObject {
  const postQuantum = keys.filter(({ kty }) => kty === 'AKP');
  return {
    keys: keys.filter(({ kty }) => kty !== 'AKP'),
    ...(postQuantum.length === 0 ? {} : { [ML_DSA_65_MEMBER]: postQuantum }),
    spiffe_refresh_hint: refreshHintSeconds,
  };
}

/** The JWK of a CA certificate (Bundle §4.2.2): its key, and itself as the only `x5c`. */
export function encodeX509Key(der: Uint8Array): JsonObject {
  const jwk = new X509Certificate(der).publicKey.export({ format: 'jwk' });
  return { ...publicMembers(jwk as JsonObject), use: 'x509-svid', x5c: [toBase64(der)] };
}

/** The JWK of a key that signs tokens (Bundle §4.2.3). */
export function encodeJwtKey({ kid, jwk }: JwtAuthority): JsonObject {
  return { ...publicMembers(jwk), kid, use: 'jwt-svid' };
}

/** The JWK Set that the Workload API hands out for one domain: keys, and no other member. */
export function encodeJwks(authorities: readonly JwtAuthority[]): JsonObject {
  return { keys: authorities.map(({ kid, jwk }) => ({ ...publicMembers(jwk), kid })) };
}

/**
 * Reads the bundle out of a JSON object. Refuses `bundle-malformed`: no `keys`, a broken key of
 * a known use, two JWT keys of one `kid`, more than `AUTHORITIES_MAX` keys, or keys of which none
 * is usable. `keys: []` is not malformed: it revokes all.
 */
export function parseSpiffeBundle(value: JsonObject): SpiffeBundle {
  const keys = listOf(value.keys, 'keys');
  const classical = authoritiesIn(keys, CLASSICAL);
  const mlDsa65 = authoritiesIn(listOf(value[ML_DSA_65_MEMBER] ?? [], ML_DSA_65_MEMBER), ['AKP']);
  const { x509Authorities, jwtAuthorities } = classical;
  if (keys.length > 0 && x509Authorities.length + jwtAuthorities.length === 0) {
    refuse('no key of a known use and type');
  }
  const kids = [...jwtAuthorities, ...mlDsa65.jwtAuthorities].map(({ kid }) => kid);
  if (new Set(kids).size !== kids.length) refuse('two JWT keys of one kid');
  return {
    ...classical,
    mlDsa65,
    sequence: sequenceOf(value),
    refreshHintSeconds: countOf(value, 'spiffe_refresh_hint') ?? REFRESH_HINT_SECONDS_DEFAULT,
  };
}

function listOf(value: Json | undefined, member: string): readonly Json[] {
  if (!Array.isArray(value)) return refuse(`${member} is absent or no list`);
  if (value.length > AUTHORITIES_MAX) refuse(`more than ${AUTHORITIES_MAX} keys`);
  return value as readonly Json[];
}

/** The authorities among `keys`; those of other types pass by. */
function authoritiesIn(keys: readonly Json[], types: readonly string[]): AuthoritySet {
  const x509Authorities: Uint8Array[] = [];
  const jwtAuthorities: JwtAuthority[] = [];
  for (const key of keys) {
    if (!isObject(key)) return refuse('a key that is no object');
    if (!types.includes(String(key.kty))) continue;
    if (key.use === 'x509-svid') x509Authorities.push(...x509AuthorityOf(key));
    if (key.use === 'jwt-svid') jwtAuthorities.push(jwtAuthorityOf(key));
  }
  return { x509Authorities, jwtAuthorities };
}

/** The certificate of an `x509-svid` key: the first of `x5c`, or none where that is absent. */
function x509AuthorityOf(key: JsonObject): readonly Uint8Array[] {
  const chain = key.x5c;
  if (chain === undefined) return []; // the standard has the entry ignored (§4.2.2)
  const [first] = Array.isArray(chain) ? (chain as readonly Json[]) : [];
  if (typeof first !== 'string') refuse('an x5c without a certificate');
  return [authorityCertificate(first, key)];
}

function authorityCertificate(text: string, key: JsonObject): Uint8Array {
  const der = asMalformed('an x5c that is no certificate', () => {
    const bytes = fromBase64(text);
    decodeCertificate(bytes);
    return bytes;
  });
  // The JWK and its certificate must be one key (RFC 7517 §4.7): a reader takes either.
  if (!equalBytes(decodeCertificate(der).spki, jwkSpki(key))) refuse('an x5c of another key');
  return der;
}

function jwtAuthorityOf(key: JsonObject): JwtAuthority {
  const kid = key.kid;
  if (typeof kid !== 'string' || kid === '') refuse('a JWT key without kid');
  jwkSpki(key);
  return { kid, jwk: key };
}

/** The SubjectPublicKeyInfo of a JWK. A private member is never handed on. */
export function jwkSpki(key: JsonObject): Uint8Array {
  try {
    const spki = createPublicKey({ key: publicMembers(key), format: 'jwk' }).export({
      format: 'der',
      type: 'spki',
    });
    return new Uint8Array(spki);
  } catch {
    return refuse('a key that does not read as its type');
  }
}

/** The members that make the public key of a JWK; `alg` makes it where `kty` is AKP. */
function publicMembers(jwk: JsonObject): JsonObject {
  const names = jwk.kty === 'AKP' ? ['kty', 'alg', 'pub'] : PUBLIC_MEMBERS;
  return Object.fromEntries(
    names.flatMap((name) => {
      const member = jwk[name];
      return typeof member === 'string' ? [[name, member] as const] : [];
    }),
  );
}

/** Up to 2^64 (Bundle §4.1.1): beyond 2^53 it comes as text, from `parseWideJson`. */
function sequenceOf(value: JsonObject): bigint | null {
  const { spiffe_sequence: text } = value;
  if (typeof text === 'string' && WIDE.test(text)) {
    const wide = BigInt(text);
    if (wide > BigInt(Number.MAX_SAFE_INTEGER) && wide <= U64_MAX) return wide;
  }
  const count = countOf(value, 'spiffe_sequence');
  return count === undefined ? null : BigInt(count);
}

function countOf(value: JsonObject, name: string): number | undefined {
  const count = value[name];
  if (count === undefined) return undefined;
  const isCount = typeof count === 'number' && Number.isSafeInteger(count) && count >= 0;
  return isCount ? count : refuse(`${name} is no count`);
}

function asMalformed<T>(why: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return refuse(why);
    throw error;
  }
}

function refuse(why: string): never {
  throw new Refusal('bundle-malformed', { why });
}
