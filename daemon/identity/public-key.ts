/**
 * Public keys that somebody else drew and wants certified (RFC 5480 §2, RFC 9881 §4).
 *
 * A key is taken in one encoding alone, and only if it is a key: a point off its curve would be
 * certified for nobody, or worse.
 */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { equalBytes } from '../../core/bytes.ts';
import { DerReader, decodeOctetBits, TAG } from '../../core/der.ts';
import { Refusal } from '../../core/refusal.ts';
import type { KeyType } from './private-key.ts';

/** A public key of a kind that certificates are made for. */
export interface PublicKey {
  readonly keyType: KeyType;
  readonly spki: Uint8Array;
  /** The bare point, or the bare ML-DSA key. */
  readonly bits: Uint8Array;
}

/** Reads a SubjectPublicKeyInfo. Refuses `key-malformed`. */
export function parsePublicKey(spki: Uint8Array): PublicKey {
  const key = openPublicKey(spki);
  const keyType = keyTypeOf(key);
  const again = new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  if (!equalBytes(again, spki)) throw new Refusal('key-malformed', { why: 'another encoding' });
  const fields = new DerReader(spki).open(TAG.sequence);
  fields.expect(TAG.sequence);
  return { keyType, spki, bits: decodeOctetBits(fields.expect(TAG.bitString).contents) };
}

function openPublicKey(spki: Uint8Array): KeyObject {
  const key = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength);
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    throw new Refusal('key-malformed', { why: 'no public key' });
  }
}

function keyTypeOf(key: KeyObject): KeyType {
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ec-p256';
  if (key.asymmetricKeyType === 'ml-dsa-65') return 'ml-dsa-65';
  throw new Refusal('key-malformed', { why: 'a key of another kind' });
}
