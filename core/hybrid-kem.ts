/**
 * A hybrid KEM: X25519 and ML-KEM-768 together, for what is sealed to a node that is not there to
 * answer (PROTOCOL §6.8).
 *
 * The secret stands as long as one of the two does. It is derived from both shared secrets and from
 * the whole transcript, so that a ciphertext moved to another key opens nothing. Everything here is
 * a function of its arguments; randomness is passed in.
 */

import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { assert } from './assert.ts';
import { concat, toUtf8 } from './bytes.ts';
import { Refusal } from './refusal.ts';

const X25519_BYTES = 32; // RFC 7748 §5
const ML_KEM_KEY_BYTES = 1_184; // FIPS 203 §8, table 3
const ML_KEM_CIPHERTEXT_BYTES = 1_088;
const ML_KEM_SEED_BYTES = 64; // d ‖ z, FIPS 203 §7.1
const ML_KEM_MESSAGE_BYTES = 32; // m, FIPS 203 §7.2

/** A private key: the X25519 scalar, then the ML-KEM-768 seed. */
export const KEM_SEED_BYTES: number = X25519_BYTES + ML_KEM_SEED_BYTES;
/** A public key: X25519, then ML-KEM-768. */
export const KEM_KEY_BYTES: number = X25519_BYTES + ML_KEM_KEY_BYTES;
/** A ciphertext: the ephemeral X25519 key, then the ML-KEM-768 ciphertext. */
export const KEM_CIPHERTEXT_BYTES: number = X25519_BYTES + ML_KEM_CIPHERTEXT_BYTES;
/** Fresh randomness for one encapsulation. */
export const KEM_RANDOM_BYTES: number = X25519_BYTES + ML_KEM_MESSAGE_BYTES;
/** The shared secret. */
export const KEM_SECRET_BYTES = 32;

const LABEL = toUtf8('holdfast/kem/v1\0');

/** The public key of a private one. */
export function kemKeyOf(seed: Uint8Array): Uint8Array {
  assert(seed.length === KEM_SEED_BYTES, 'a KEM key is two seeds');
  const { publicKey } = ml_kem768.keygen(seed.subarray(X25519_BYTES));
  return concat(x25519.getPublicKey(seed.subarray(0, X25519_BYTES)), publicKey);
}

/**
 * A secret for the holder of `key`, and the ciphertext that carries it. `random` is fresh,
 * `KEM_RANDOM_BYTES` of it. Refuses `key-malformed` for a key that RFC 7748 §6.1 or FIPS 203 §7.2
 * does not admit.
 */
export function encapsulateTo(
  key: Uint8Array,
  random: Uint8Array,
): { readonly ciphertext: Uint8Array; readonly secret: Uint8Array } {
  assert(random.length === KEM_RANDOM_BYTES, 'an encapsulation draws its exact randomness');
  if (key.length !== KEM_KEY_BYTES) throw malformed();
  const scalar = random.subarray(0, X25519_BYTES);
  const agreed = attempt(() => x25519.getSharedSecret(scalar, key.subarray(0, X25519_BYTES)));
  const { cipherText, sharedSecret } = attempt(() =>
    ml_kem768.encapsulate(key.subarray(X25519_BYTES), random.subarray(X25519_BYTES)),
  );
  const ciphertext = concat(x25519.getPublicKey(scalar), cipherText);
  return { ciphertext, secret: derive(concat(agreed, sharedSecret), key, ciphertext) };
}

/**
 * The secret in a ciphertext; one that was made for another key yields a secret nobody else holds.
 * Refuses `key-malformed` for a ciphertext of another length, or an ephemeral key of small order.
 */
export function decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const key = kemKeyOf(seed);
  if (ciphertext.length !== KEM_CIPHERTEXT_BYTES) throw malformed();
  const ephemeral = ciphertext.subarray(0, X25519_BYTES);
  const agreed = attempt(() => x25519.getSharedSecret(seed.subarray(0, X25519_BYTES), ephemeral));
  const { secretKey } = ml_kem768.keygen(seed.subarray(X25519_BYTES));
  const shared = ml_kem768.decapsulate(ciphertext.subarray(X25519_BYTES), secretKey);
  return derive(concat(agreed, shared), key, ciphertext);
}

function derive(secrets: Uint8Array, key: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return hkdf(sha256, secrets, undefined, concat(LABEL, key, ciphertext), KEM_SECRET_BYTES);
}

/** Runs an operation whose only input from outside is somebody's key. */
function attempt<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof Error) throw malformed();
    throw error;
  }
}

function malformed(): Refusal {
  return new Refusal('key-malformed', { kind: 'x25519-ml-kem-768' });
}
