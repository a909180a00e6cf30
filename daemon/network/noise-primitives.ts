/**
 * The four primitives of the secure channel, on node:crypto: X25519, ML-KEM-768, ChaCha20-Poly1305
 * and HKDF over HMAC-SHA-256 (Noise rev 34 §4 and §12; FIPS 203; RFC 7748; RFC 8439).
 *
 * Only raw bytes cross this file's edge, and key objects stay opaque. What a peer sent and the
 * algorithm does not take is refused as `handshake-failed`.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { concat, equalBytes, fromHex } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';

/** Bytes of an X25519 public key and of a shared secret (RFC 7748 §5). */
export const DH_BYTES = 32;
/** Bytes of an ML-KEM-768 encapsulation key (FIPS 203 §8, table 3). */
export const KEM_KEY_BYTES = 1_184;
/** Bytes of an ML-KEM-768 ciphertext (FIPS 203 §8, table 3). */
export const KEM_CIPHERTEXT_BYTES = 1_088;
/** Bytes of the authentication tag (RFC 8439 §2.8). */
export const TAG_BYTES = 16;

const X25519_SPKI = fromHex('302a300506032b656e032100'); // RFC 8410 §4
const KEM_SPKI = fromHex('308204b2300b0609608648016503040402038204a100'); // RFC 9935 §4
const AEAD = 'chacha20-poly1305';
const NOWHERE = new Uint8Array(DH_BYTES);

/** A key pair whose private half cannot be read, only used. */
export interface PrivatePair {
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

/** A new X25519 key pair. */
export function generateDh(): PrivatePair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return { publicKey: rawOf(publicKey, X25519_SPKI), privateKey };
}

/** X25519. Refuses `handshake-failed` for a point of small order, whose secret everybody knows. */
export function agree(own: PrivatePair, theirs: Uint8Array): Uint8Array {
  const publicKey = publicKeyOf(theirs, X25519_SPKI);
  const secret = attempt('x25519', () => diffieHellman({ privateKey: own.privateKey, publicKey }));
  if (equalBytes(secret, NOWHERE)) throw new Refusal('handshake-failed', { reason: 'x25519' });
  return secret;
}

/** A new ML-KEM-768 key pair. */
export function generateKem(): PrivatePair {
  const { publicKey, privateKey } = generateKeyPairSync('ml-kem-768');
  return { publicKey: rawOf(publicKey, KEM_SPKI), privateKey };
}

/** A fresh secret for the holder of `theirs`. Refuses a key that FIPS 203 §7.2 does not admit. */
export function encapsulateTo(theirs: Uint8Array): { secret: Uint8Array; ciphertext: Uint8Array } {
  const key = publicKeyOf(theirs, KEM_SPKI);
  const { sharedKey, ciphertext } = attempt('ml-kem-768', () => encapsulate(key));
  return { secret: plain(sharedKey), ciphertext: plain(ciphertext) };
}

/** The secret in `ciphertext`; a ciphertext for another key yields a secret nobody else holds. */
export function decapsulateFrom(own: PrivatePair, ciphertext: Uint8Array): Uint8Array {
  return plain(attempt('ml-kem-768', () => decapsulate(own.privateKey, ciphertext)));
}

/** What one AEAD operation takes beside its text. */
export interface AeadInput {
  readonly key: Uint8Array;
  /** The message counter, little-endian in the last 8 of 12 bytes (Noise §12.3). */
  readonly nonce: number;
  readonly associated: Uint8Array;
}

/** Ciphertext followed by its tag. */
export function seal({ key, nonce, associated }: AeadInput, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(AEAD, key, nonceBytes(nonce), { authTagLength: TAG_BYTES });
  cipher.setAAD(associated, { plaintextLength: plaintext.length });
  const body = cipher.update(plaintext);
  return concat(body, cipher.final(), cipher.getAuthTag());
}

/** The plaintext, or null where the tag does not fit: one verdict for every kind of tampering. */
export function open({ key, nonce, associated }: AeadInput, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < TAG_BYTES) return null;
  const length = sealed.length - TAG_BYTES;
  const cipher = createDecipheriv(AEAD, key, nonceBytes(nonce), { authTagLength: TAG_BYTES });
  cipher.setAAD(associated, { plaintextLength: length });
  cipher.setAuthTag(sealed.subarray(length));
  const body = cipher.update(sealed.subarray(0, length));
  try {
    cipher.final();
  } catch {
    return null; // the tag is the one thing `final` can find wrong
  }
  return plain(body);
}

/** HKDF with two outputs (Noise §4.3). */
export function hkdf(chainingKey: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array] {
  const temporary = hmac(chainingKey, input);
  const first = hmac(temporary, Uint8Array.of(1));
  return [first, hmac(temporary, concat(first, Uint8Array.of(2)))];
}

function hmac(key: Uint8Array, input: Uint8Array): Uint8Array {
  return plain(createHmac('sha256', key).update(input).digest());
}

function nonceBytes(counter: number): Uint8Array {
  const out = new Uint8Array(12);
  new DataView(out.buffer).setBigUint64(4, BigInt.asUintN(64, BigInt(counter)), true);
  return out;
}

function publicKeyOf(raw: Uint8Array, prefix: Uint8Array): KeyObject {
  const key = Buffer.from(concat(prefix, raw));
  return attempt('public key', () => createPublicKey({ key, format: 'der', type: 'spki' }));
}

function rawOf(key: KeyObject, prefix: Uint8Array): Uint8Array {
  return plain(key.export({ format: 'der', type: 'spki' }).subarray(prefix.length));
}

/** Runs an operation whose only input from outside is a peer's key or ciphertext. */
function attempt<T>(reason: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof Error) throw new Refusal('handshake-failed', { reason });
    throw error;
  }
}

/** A copy as a plain Uint8Array: a Buffer may share the memory of its pool. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
