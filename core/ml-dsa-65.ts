/**
 * The post-quantum leg: ML-DSA-65 by FIPS 204, pure, with a context string, hedged when it signs.
 *
 * Private keys are kept as their 32-byte seed, the only form both implementations share.
 */

import * as crypto from 'node:crypto';
import { sign as nativeSign, verify as nativeVerify } from 'node:crypto';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { concat, fromHex, toUtf8 } from './bytes.ts';
import { ImportedKeys } from './imported-keys.ts';
import type { Leg, LegCheck } from './leg.ts';

const SPKI_PREFIX = fromHex('308207b2300b0609608648016503040312038207a100'); // RFC 9881 §4
const PKCS8_SEED_PREFIX = fromHex('3034020100300b060960864801650304031204228020'); // RFC 9881 §6

/** Bytes of a context string (FIPS 204 §5.2). */
const CONTEXT_BYTES_MAX = 255;

const sizes = {
  name: 'ML-DSA-65',
  publicKeyBytes: 1_952,
  seedBytes: 32,
  signatureBytes: 3_309,
} as const;

/** True where node:crypto knows ML-DSA (OpenSSL 3.5 or newer underneath). */
export function hasNativeMlDsa(): boolean {
  try {
    importSeed(new Uint8Array(sizes.seedBytes));
    return true;
  } catch (error) {
    if (error instanceof Error) return false; // the runtime names the key type as unknown
    throw error;
  }
}

const IMPORTED = new ImportedKeys(SPKI_PREFIX);

/** ML-DSA-65 on node:crypto. */
export const mlDsa65Native: Leg = {
  ...sizes,
  open(seed) {
    const key = importSeed(seed);
    const spki = crypto.createPublicKey(key).export({ format: 'der', type: 'spki' });
    return {
      publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
      sign: (message, context) =>
        new Uint8Array(nativeSign(null, message, { key, context: toUtf8(context) })),
    };
  },
  verify(check) {
    if (!hasRightSizes(check)) return false;
    const { publicKey, message, context, signature } = check;
    const key = IMPORTED.get(publicKey);
    return nativeVerify(null, message, { key, context: toUtf8(context) }, signature);
  },
};

/** ML-DSA-65 on @noble/post-quantum: for runtimes without it, and the oracle of the native one. */
export const mlDsa65Portable: Leg = {
  ...sizes,
  open(seed) {
    const { publicKey, secretKey } = ml_dsa65.keygen(seed);
    return {
      publicKey,
      sign: (message, context) => ml_dsa65.sign(message, secretKey, { context: toUtf8(context) }),
    };
  },
  verify(check) {
    if (!hasRightSizes(check)) return false;
    const { publicKey, message, context, signature } = check;
    return ml_dsa65.verify(signature, message, publicKey, { context: toUtf8(context) });
  },
};

function importSeed(seed: Uint8Array): crypto.KeyObject {
  const der = Buffer.from(concat(PKCS8_SEED_PREFIX, seed));
  return crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function hasRightSizes({ publicKey, context, signature }: LegCheck): boolean {
  return (
    publicKey.length === sizes.publicKeyBytes &&
    signature.length === sizes.signatureBytes &&
    context.isWellFormed() &&
    toUtf8(context).length <= CONTEXT_BYTES_MAX
  );
}
