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

/** What a consumer takes when the publisher gives no hint (Federation §5.2: a low value). */
export const REFRESH_HINT_SECONDS_DEFAULT = 300;

const KEY_TYPES: ReadonlySet<string> = new Set(['EC', 'RSA', 'OKP']);
const PUBLIC_MEMBERS: readonly string[] = ['kty', 'crv', 'x', 'y', 'n', 'e'];

/** A public key that signs JWT-SVIDs, its JWK as it came. */
export interface JwtAuthority {
  readonly kid: string;
  readonly jwk: JsonObject;
}

/** The contents of a bundle. No authority at all means: everything is revoked. */
export interface SpiffeBundle {
  /** CA certificates, DER. */
  readonly x509Authorities: readonly Uint8Array[];
  readonly jwtAuthorities: readonly JwtAuthority[];
  readonly sequence: bigint | null;
  readonly refreshHintSeconds: number;
}

/** Writes the bundle of a domain from its CA certificates (`{keys, spiffe_sequence, …}`). */
export function encodeSpiffeBundle(bundle: {
  readonly x509Authorities: readonly Uint8Array[];
  readonly sequence: number;
  readonly refreshHintSeconds: number;
}): JsonObject {
  return {
    keys: bundle.x509Authorities.map(encodeX509Key),
    spiffe_refresh_hint: bundle.refreshHintSeconds,
    spiffe_sequence: bundle.sequence,
  };
}

/**
 * Reads the bundle out of a JSON object. Refuses `bundle-malformed`: no `keys`, a broken key of
 * a known use, two JWT keys of one `kid`, more than `AUTHORITIES_MAX` keys, or keys of which none
 * is usable. `keys: []` is not malformed: it revokes all.
 */
export function parseSpiffeBundle(value: JsonObject): SpiffeBundle {
  const keys = value.keys;
  if (!Array.isArray(keys)) refuse('keys is absent or no list');
  if (keys.length > AUTHORITIES_MAX) refuse(`more than ${AUTHORITIES_MAX} keys`);
  const x509Authorities: Uint8Array[] = [];
  const jwtAuthorities: JwtAuthority[] = [];
  for (const key of keys as readonly Json[]) {
    if (!isObject(key)) refuse('a key that is no object');
    if (!KEY_TYPES.has(String(key.kty))) continue;
    if (key.use === 'x509-svid') x509Authorities.push(...x509AuthorityOf(key));
    if (key.use === 'jwt-svid') jwtAuthorities.push(jwtAuthorityOf(key));
  }
  if (keys.length > 0 && x509Authorities.length + jwtAuthorities.length === 0) {
    refuse('no key of a known use and type');
  }
  if (new Set(jwtAuthorities.map(({ kid }) => kid)).size !== jwtAuthorities.length) {
    refuse('two JWT keys of one kid');
  }
  return {
    x509Authorities,
    jwtAuthorities,
    sequence: optionalCount(value, 'spiffe_sequence', (count) => BigInt(count), null),
    refreshHintSeconds: optionalCount(
      value,
      'spiffe_refresh_hint',
      (seconds) => seconds,
      REFRESH_HINT_SECONDS_DEFAULT,
    ),
  };
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
  if (!equalBytes(decodeCertificate(der).spki, spkiOf(key))) refuse('an x5c of another key');
  return der;
}

function jwtAuthorityOf(key: JsonObject): JwtAuthority {
  const kid = key.kid;
  if (typeof kid !== 'string' || kid === '') refuse('a JWT key without kid');
  spkiOf(key);
  return { kid, jwk: key };
}

/** The SubjectPublicKeyInfo of a JWK. A private member is never handed on. */
function spkiOf(key: JsonObject): Uint8Array {
  const jwk = Object.fromEntries(
    PUBLIC_MEMBERS.flatMap((name) => (typeof key[name] === 'string' ? [[name, key[name]]] : [])),
  );
  try {
    const spki = createPublicKey({ key: jwk, format: 'jwk' }).export({
      format: 'der',
      type: 'spki',
    });
    return new Uint8Array(spki);
  } catch {
    return refuse('a key that does not read as its type');
  }
}

function encodeX509Key(der: Uint8Array): JsonObject {
  const jwk = new X509Certificate(der).publicKey.export({ format: 'jwk' });
  const members = PUBLIC_MEMBERS.flatMap((name): [string, Json][] => {
    const member = jwk[name as keyof typeof jwk];
    return typeof member === 'string' ? [[name, member]] : [];
  });
  return { ...Object.fromEntries(members), use: 'x509-svid', x5c: [toBase64(der)] };
}

function optionalCount<T, N>(
  value: JsonObject,
  name: string,
  convert: (count: number) => T,
  absent: N,
): T | N {
  const count = value[name];
  if (count === undefined) return absent;
  const isCount = typeof count === 'number' && Number.isSafeInteger(count) && count >= 0;
  return isCount ? convert(count) : refuse(`${name} is no count`);
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
