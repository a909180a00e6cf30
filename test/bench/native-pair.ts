/**
 * The floor under every signature bench: node:crypto alone, keys imported, nothing checked.
 *
 * No code of ours can be faster, so its rate is the limit that ours is held against.
 */

import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { concat, fromHex, toUtf8 } from '../../core/bytes.ts';
import { ED25519_SIGNATURE_BYTES, type PairCheck } from '../../core/suite.ts';

const ED25519_SPKI = fromHex('302a300506032b6570032100'); // RFC 8410 §4
const ML_DSA_65_SPKI = fromHex('308207b2300b0609608648016503040312038207a100'); // RFC 9881 §4

/** Two native verifications of one pair, as a function to be timed. */
export function nativeVerification(check: PairCheck): () => boolean {
  const { publicPair, message, signature } = check;
  const ed25519 = importKey(ED25519_SPKI, publicPair.ed25519);
  const mlDsa65 = {
    key: importKey(ML_DSA_65_SPKI, publicPair.mlDsa65),
    context: toUtf8(check.context),
  };
  const first = signature.subarray(0, ED25519_SIGNATURE_BYTES);
  const second = signature.subarray(ED25519_SIGNATURE_BYTES);
  return () => verify(null, message, ed25519, first) && verify(null, message, mlDsa65, second);
}

/** Two native signatures over one message, as a function to be timed. */
export function nativeSigning(message: Uint8Array, context: string): () => unknown {
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const mlDsa65 = { key: generateKeyPairSync('ml-dsa-65').privateKey, context: toUtf8(context) };
  return () => [sign(null, message, ed25519), sign(null, message, mlDsa65)];
}

function importKey(prefix: Uint8Array, key: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concat(prefix, key)), format: 'der', type: 'spki' });
}
