/**
 * Tying an attestation key to a chip, computed without one: TPM2_MakeCredential, and what a key
 * has to be before its signatures are worth asking for.
 *
 * A secret is wrapped for the endorsement key and for the *name* of the attestation key. Only a
 * chip that holds both opens it, and the name covers every attribute checked here. TPM 2.0 Part 1
 * §24, Part 3 §12.6.
 */

import { assert } from '../core/assert.ts';
import { concat, equalBytes } from '../core/bytes.ts';
import { encryptAesCfb, HASH_BYTES, hmacOf } from '../core/ciphers.ts';
import { Refusal } from '../core/refusal.ts';
import { kdfa } from './tpm-kdf.ts';
import { hasAttribute, type KeyPublic } from './tpm-public.ts';
import { shareSecret } from './tpm-secret.ts';
import { EMPTY, sized } from './tpm-structures.ts';
import type { Random } from './transport.ts';

/** Bytes of the secret in a challenge. */
export const CREDENTIAL_BYTES = 32;
const RSA_BITS_MIN = 2_048;

/** What TPM2_ActivateCredential is given: contents of TPM2B_ID_OBJECT and of the other TPM2B. */
export interface Credential {
  readonly blob: Uint8Array;
  readonly encryptedSecret: Uint8Array;
}

/** For whom a secret is wrapped. */
export interface CredentialInput {
  readonly endorsementKey: KeyPublic;
  readonly attestationName: Uint8Array;
  /** `CREDENTIAL_BYTES` of fresh randomness, which the asker keeps. */
  readonly secret: Uint8Array;
  readonly random: Random;
}

/** Wraps `secret`. Refuses `activation-key` for a key that is no endorsement key we can use. */
export function makeCredential(input: CredentialInput): Credential {
  const { endorsementKey: key, attestationName, secret, random } = input;
  assert(secret.length === CREDENTIAL_BYTES, 'a credential is as long as a digest');
  const keyBits = checkEndorsementKey(key);
  const hash = key.nameHash;
  const shared = shareSecret(key, 'IDENTITY', random);
  const derive = (label: string, contextU: Uint8Array, bits: number): Uint8Array =>
    kdfa({ hash, key: shared.secret, label, contextU, contextV: EMPTY, bits });
  const identity = encryptAesCfb({
    key: derive('STORAGE', attestationName, keyBits),
    iv: new Uint8Array(16),
    bytes: sized(secret),
  });
  const macKey = derive('INTEGRITY', EMPTY, 8 * HASH_BYTES[hash]);
  const mac = hmacOf(hash, macKey, identity, attestationName);
  return { blob: concat(sized(mac), identity), encryptedSecret: shared.encrypted };
}

/** Bits of the cipher by which the key protects; refuses what is no endorsement key. */
function checkEndorsementKey(key: KeyPublic): number {
  const sizeKnown = key.kind === 'ecc' || key.bits === RSA_BITS_MIN;
  const storage =
    hasAttribute(key, 'FIXED_TPM') &&
    hasAttribute(key, 'RESTRICTED') &&
    hasAttribute(key, 'DECRYPT');
  if (!sizeKnown || !storage || hasAttribute(key, 'SIGN') || key.symmetric === null) {
    throw new Refusal('activation-key', { kind: key.kind });
  }
  return key.symmetric.keyBits;
}

/** Refuses `activation-answer` unless the node found the secret of its challenge. */
export function checkActivation(secret: Uint8Array, answer: Uint8Array): void {
  if (!equalBytes(secret, answer)) throw new Refusal('activation-answer');
}

/**
 * Refuses `ak-attributes`, naming all that is wrong, unless a key may attest: made in its chip and
 * bound to it, restricted to what the chip itself composes, for signing only, with a hash that
 * nobody can collide.
 */
export function checkAttestationKey(key: KeyPublic): void {
  const rules: readonly (readonly [string, boolean])[] = [
    ['fixed to its chip', hasAttribute(key, 'FIXED_TPM')],
    ['fixed to its parent', hasAttribute(key, 'FIXED_PARENT')],
    ['made by the chip', hasAttribute(key, 'SENSITIVE_DATA_ORIGIN')],
    ['restricted', hasAttribute(key, 'RESTRICTED')],
    ['signs', hasAttribute(key, 'SIGN')],
    ['does not decrypt', !hasAttribute(key, 'DECRYPT')],
    ['has a scheme', key.scheme !== null],
    ['hashes with more than SHA-1', key.scheme?.hash !== 'sha1'],
    ['is long enough', key.kind === 'ecc' || key.bits >= RSA_BITS_MIN],
  ];
  const broken = rules.filter(([, kept]) => !kept).map(([rule]) => rule);
  if (broken.length > 0) throw new Refusal('ak-attributes', { lacks: broken.join(', ') });
}
