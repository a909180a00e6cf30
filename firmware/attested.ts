/**
 * The verifier of what a TPM says about itself: quotes, certified keys, time and NV contents.
 *
 * The order is fixed, cheapest first, and each step has its own code: magic, kind, nonce, epoch,
 * hash, signature. The nonce says that the statement was made for this asker; the epoch that the
 * node knew the state of its domain. TPM 2.0 Part 1 §31.
 */

import { assert } from '../core/assert.ts';
import type { Brand } from '../core/brand.ts';
import { concat, equalBytes, fromHex, Reader } from '../core/bytes.ts';
import { type HashName, verifyEcdsa, verifyRsa } from '../core/ciphers.ts';
import type { Digest } from '../core/digest.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import { type Attest, decodeAttest } from './attest.ts';
import { TPM_ALG } from './tpm-constants.ts';
import type { KeyPublic, SigningScheme } from './tpm-public.ts';
import { readSignature, type TpmSignature } from './tpm-structures.ts';

/** Bytes of a nonce, and of an epoch's id: together they fit the smallest TPM2B_DATA (34 bytes). */
export const CHALLENGE_NONCE_BYTES = 16;
export const EPOCH_ID_BYTES = 16;

/** What a statement has to answer. qualifyingData is the nonce, then the epoch. */
export interface Challenge {
  /** Fresh randomness of the asker; at least `CHALLENGE_NONCE_BYTES`. */
  readonly nonce: Uint8Array;
  /** The epoch in whose light the statement is to be made. */
  readonly epoch: Uint8Array;
}

/** A challenge under the epoch of the beacon with this digest: its first 16 bytes name it. */
export function challengeFor(nonce: Uint8Array, beacon: Digest): Challenge {
  assert(nonce.length >= CHALLENGE_NONCE_BYTES, 'a short nonce can be met again');
  return { nonce, epoch: fromHex(beacon).subarray(0, EPOCH_ID_BYTES) };
}

/** The qualifyingData to hand to the TPM. */
export function qualifyingBytes({ nonce, epoch }: Challenge): Uint8Array {
  return concat(nonce, epoch);
}

/** A statement and its signature (TPMS_ATTEST, TPMT_SIGNATURE), as they were received. */
export interface SignedAttest {
  readonly attest: Uint8Array;
  readonly signature: Uint8Array;
}

/** A statement that the key has signed for the challenge. Only `verifyAttested` makes one. */
export type Attested<Kind extends Attest['kind']> = Brand<
  Extract<Attest, { kind: Kind }> & { readonly signedOver: HashName },
  'Attested'
>;

/**
 * Verifies one statement of the kind asked for. Refuses `attest-not-tpm`, `attest-malformed`,
 * `attest-type`, `attest-nonce`, `attest-epoch`, `attest-hash` and `attest-signature`. Whether
 * `key` is an attestation key of a genuine chip is not asked here: see `activation.ts`.
 */
export function verifyAttested<Kind extends Attest['kind']>(
  kind: Kind,
  key: KeyPublic,
  shown: SignedAttest,
  challenge: Challenge,
): Attested<Kind> {
  const attest = decodeAttest(shown.attest);
  if (attest.kind !== kind) throw new Refusal('attest-type', { expected: kind, got: attest.kind });
  checkChallenge(attest.extraData, challenge);
  const signedOver = verifySignature(key, shown);
  return { ...attest, signedOver } as unknown as Attested<Kind>;
}

function checkChallenge(extra: Uint8Array, { nonce, epoch }: Challenge): void {
  if (!equalBytes(extra.subarray(0, nonce.length), nonce)) throw new Refusal('attest-nonce');
  if (!equalBytes(extra.subarray(nonce.length), epoch)) throw new Refusal('attest-epoch');
}

/** The hash of a signature that verifies. A key with a scheme of its own signs by no other. */
function verifySignature(key: KeyPublic, { attest, signature }: SignedAttest): HashName {
  const decoded = refusalOf(() => {
    const reader = new Reader(signature);
    const fields = readSignature(reader);
    reader.end();
    return fields;
  });
  if (decoded instanceof Refusal) throw new Refusal('attest-signature', { cause: decoded.code });
  if (decoded.hash === 'sha1') throw new Refusal('attest-hash', { got: decoded.hash });
  const fits = key.scheme === null || isOfScheme(decoded, key.scheme);
  if (!fits || !isSignedBy(key, attest, decoded)) throw new Refusal('attest-signature');
  return decoded.hash;
}

function isOfScheme(signature: TpmSignature, scheme: SigningScheme): boolean {
  const rsa = { pkcs1: TPM_ALG.RSASSA, pss: TPM_ALG.RSAPSS } as const;
  const alg = signature.kind === 'ecdsa' ? TPM_ALG.ECDSA : rsa[signature.padding];
  return alg === scheme.alg && signature.hash === scheme.hash;
}

function isSignedBy(key: KeyPublic, message: Uint8Array, signature: TpmSignature): boolean {
  if (key.kind === 'ecc') {
    if (signature.kind !== 'ecdsa') return false;
    const { curve, point: publicPoint } = key;
    const { hash, r, s } = signature;
    return verifyEcdsa({ curve, publicPoint, hash, message, r, s });
  }
  if (signature.kind !== 'rsa') return false;
  const { padding, hash } = signature;
  return verifyRsa({ publicKey: key.key, padding, hash, message, signature: signature.signature });
}

/**
 * The value of an NV counter that the chip certified whole. Refuses `attest-index` when the
 * statement is about another index than `indexName` or shows a part; the name covers the
 * attributes, so the caller who pinned it at enrolment knows that it can only count upward.
 */
export function counterOf(attested: Attested<'nv'>, indexName: Uint8Array): bigint {
  const { indexName: name, offset, contents } = attested;
  if (!equalBytes(name, indexName) || offset !== 0 || contents.length !== 8) {
    throw new Refusal('attest-index', { offset, size: contents.length });
  }
  return new Reader(contents).u64();
}
