/**
 * The two key derivation functions of TPM 2.0, as caller and verifier compute them.
 *
 * KDFa stretches a symmetric key, KDFe a shared ECDH coordinate. Both end each label with a zero
 * octet, which is where implementations differ most. TPM 2.0 Part 1 §11.4.10.
 */

import { assert } from '../core/assert.ts';
import { concat, toUtf8, Writer } from '../core/bytes.ts';
import { HASH_BYTES, type HashName, hashOf, hmacOf } from '../core/ciphers.ts';

/** What KDFa derives from. */
export interface KdfaInput {
  readonly hash: HashName;
  readonly key: Uint8Array;
  /** What the key is for, such as `ATH` or `STORAGE`; the terminating zero is added here. */
  readonly label: string;
  readonly contextU: Uint8Array;
  readonly contextV: Uint8Array;
  /** Bits wanted, a multiple of 8. */
  readonly bits: number;
}

/**
 * SP 800-108 in counter mode over HMAC: block i is HMAC(key, u32 i ‖ label ‖ 0 ‖ contextU ‖
 * contextV ‖ u32 bits). TPM 2.0 Part 1 §11.4.10.2.
 */
export function kdfa({ hash, key, label, contextU, contextV, bits }: KdfaInput): Uint8Array {
  const name = zeroTerminated(label);
  const size = new Writer().u32(bits).finish();
  return stretch(hash, bits, (counter) =>
    hmacOf(hash, key, counter, name, contextU, contextV, size),
  );
}

/** What KDFe derives from. */
export interface KdfeInput {
  readonly hash: HashName;
  /** The x coordinate of the shared point, as long as the field of the curve. */
  readonly sharedX: Uint8Array;
  /** What the secret is for, such as `IDENTITY` or `SECRET`. */
  readonly label: string;
  /** The x coordinate of the ephemeral key, as long as the field. */
  readonly partyU: Uint8Array;
  /** The x coordinate of the static key, as long as the field. */
  readonly partyV: Uint8Array;
  readonly bits: number;
}

/**
 * The one-step KDF of SP 800-56A: block i is H(u32 i ‖ sharedX ‖ label ‖ 0 ‖ partyU ‖ partyV).
 * TPM 2.0 Part 1 §11.4.10.3.
 */
export function kdfe({ hash, sharedX, label, partyU, partyV, bits }: KdfeInput): Uint8Array {
  const name = zeroTerminated(label);
  return stretch(hash, bits, (counter) => hashOf(hash, counter, sharedX, name, partyU, partyV));
}

/** ASCII and its terminating zero, as KDFs and OAEP labels of a TPM are written. */
export function zeroTerminated(label: string): Uint8Array {
  return toUtf8(`${label}\0`);
}

/** Concatenates blocks numbered from 1, and keeps the leftmost bits. */
function stretch(
  hash: HashName,
  bits: number,
  block: (counter: Uint8Array) => Uint8Array,
): Uint8Array {
  assert(bits > 0 && bits % 8 === 0, 'a derived key is a whole number of bytes');
  const blocks: Uint8Array[] = [];
  for (let i = 1; 8 * HASH_BYTES[hash] * blocks.length < bits; i++) {
    blocks.push(block(new Writer().u32(i).finish()));
  }
  return concat(...blocks).subarray(0, bits / 8);
}
