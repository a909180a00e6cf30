/**
 * An authority for JWT-SVIDs: one key pair, named by its own thumbprint (JWT-SVID §2.2, RFC 7638).
 *
 * ES256 is what every SPIFFE library takes. ML-DSA-65 stands beside it for entries that ask
 * (`kty` AKP, as JOSE registers it). The key's storage is the caller's.
 */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { toBase64Url } from '../../core/bytes.ts';
import { encodeCanonical, type JsonObject } from '../../core/canonical.ts';
import { sha256 } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import { drawKey, type KeyType, openPrivateKey } from './private-key.ts';

/** The algorithms that we sign tokens with. */
export const JWT_ALGORITHM_OF = { 'ec-p256': 'ES256', 'ml-dsa-65': 'ML-DSA-65' } as const;

/** A public key that signs JWT-SVIDs, as bundles carry it. */
export interface JwtAuthority {
  readonly kid: string;
  readonly jwk: JsonObject;
}

/** An authority ready to sign. */
export interface JwtSigner extends JwtAuthority {
  readonly keyType: KeyType;
  readonly key: KeyObject;
}

/** Draws the key of a new authority: PKCS#8, a secret. */
export function createJwtAuthority(keyType: KeyType): Uint8Array {
  return drawKey(keyType).privateKeyPkcs8;
}

/** Opens a stored authority. Refuses `key-malformed`. */
export function openJwtAuthority(privateKeyPkcs8: Uint8Array): JwtSigner {
  const key = openPrivateKey(privateKeyPkcs8);
  const exported: unknown = createPublicKey(key).export({ format: 'jwk' });
  const { kty, crv, x, y, alg, pub } = exported as Readonly<Record<string, string>>;
  const isEc = kty === 'EC' && crv === 'P-256';
  if (!isEc && !(kty === 'AKP' && alg === 'ML-DSA-65')) {
    throw new Refusal('key-malformed', { why: 'a key of another kind', got: `${kty} ${crv}` });
  }
  const members: unknown = isEc ? { crv, kty, x, y } : { alg, kty, pub };
  // RFC 7638 §3: the thumbprint covers the members that make the key, in their order.
  const kid = toBase64Url(sha256(encodeCanonical(members as JsonObject)));
  const jwk = { ...(members as JsonObject), kid, use: 'jwt-svid' };
  return { kid, jwk, keyType: isEc ? 'ec-p256' : 'ml-dsa-65', key };
}
