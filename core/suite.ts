/**
 * The hybrid suite: every signature of the protocol is a pair, Ed25519 and ML-DSA-65.
 *
 * A pair verifies or it does not exist: no interface here hands out a verdict on one leg. The
 * preimage binds the key id, and the key id binds both public keys, so a leg moved to another pair
 * signs nothing (PROTOCOL §1.2). node:crypto comes first, the portable twin where the runtime
 * lacks an algorithm; the simulator plugs a third suite into the same port.
 */

import { assert } from './assert.ts';
import { concat, toUtf8 } from './bytes.ts';
import { type Digest, digestOf } from './digest.ts';
import { ed25519Native } from './ed25519.ts';
import type { Leg } from './leg.ts';
import { mlDsa65Native } from './ml-dsa-65.ts';

/** Sizes on the wire, the same for every suite behind the port. */
export const ED25519_KEY_BYTES = 32;
export const ML_DSA_65_KEY_BYTES = 1_952;
export const ED25519_SIGNATURE_BYTES = 64;
export const ML_DSA_65_SIGNATURE_BYTES = 3_309;
export const SIGNATURE_PAIR_BYTES = ED25519_SIGNATURE_BYTES + ML_DSA_65_SIGNATURE_BYTES;
/** A private key: the Ed25519 seed, then the ML-DSA-65 seed. */
export const SEED_PAIR_BYTES = 64;

/** Both public keys of one signer. */
export interface PublicPair {
  readonly ed25519: Uint8Array;
  readonly mlDsa65: Uint8Array;
}

/** Both legs over one message: Ed25519 (64 bytes) followed by ML-DSA-65 (3,309 bytes). */
export type SignaturePair = Uint8Array;

/** Identifies a public pair: SHA-256("holdfast/key/v1\0" ‖ Ed25519 key ‖ ML-DSA-65 key). */
export type KeyId = Digest;

/** A private pair in use: it signs, and never shows itself. */
export interface Signer {
  readonly publicPair: PublicPair;
  readonly keyId: KeyId;
  sign(message: Uint8Array, context: string): SignaturePair;
}

/** What a verification of a pair judges. */
export interface PairCheck {
  readonly publicPair: PublicPair;
  readonly message: Uint8Array;
  /** ML-DSA context string, one per use of a key; the message carries the same separation. */
  readonly context: string;
  readonly signature: SignaturePair;
}

/** The port: what the protocol asks of cryptography. Synchronous, so that one step is one step. */
export interface Suite {
  readonly name: string;
  /** Opens the private pair of `SEED_PAIR_BYTES`. */
  openSigner(seeds: Uint8Array): Signer;
  /** True only if both legs verify. Malformed input is false. */
  verify(check: PairCheck): boolean;
}

const KEY_LABEL = toUtf8('holdfast/key/v1\0');

/** The id of a public pair (PROTOCOL §1.2). */
export function keyIdOf(pair: PublicPair): KeyId {
  return digestOf(KEY_LABEL, pair.ed25519, pair.mlDsa65);
}

/** A suite over two given legs. */
export function pairSuite(name: string, classical: Leg, postQuantum: Leg): Suite {
  return {
    name,
    openSigner(seeds) {
      assert(seeds.length === SEED_PAIR_BYTES, 'a private pair is two seeds');
      const first = classical.open(seeds.slice(0, classical.seedBytes));
      const second = postQuantum.open(seeds.slice(classical.seedBytes));
      const publicPair = { ed25519: first.publicKey, mlDsa65: second.publicKey };
      return {
        publicPair,
        keyId: keyIdOf(publicPair),
        sign: (message, context) =>
          concat(first.sign(message, context), second.sign(message, context)),
      };
    },
    verify({ publicPair, message, context, signature }) {
      if (signature.length !== SIGNATURE_PAIR_BYTES) return false;
      const ed25519 = signature.subarray(0, ED25519_SIGNATURE_BYTES);
      const mlDsa65 = signature.subarray(ED25519_SIGNATURE_BYTES);
      // The cheaper leg first: garbage costs its sender more than it costs us.
      return (
        classical.verify({ publicKey: publicPair.ed25519, message, context, signature: ed25519 }) &&
        postQuantum.verify({ publicKey: publicPair.mlDsa65, message, context, signature: mlDsa65 })
      );
    },
  };
}

/** The pair as node:crypto computes it; only where `hasNativeMlDsa()`. */
export const nativeSuite: Suite = pairSuite('native', ed25519Native, mlDsa65Native);
