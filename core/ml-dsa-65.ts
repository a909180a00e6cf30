/**
 * The post-quantum leg: ML-DSA-65 by FIPS 204, pure, with a context string, hedged when it signs.
 *
 * Private keys are kept as their 32-byte seed, the only form that this implementation and
 * `ml-dsa-65-portable.ts` share.
 */

import * as crypto from 'node:crypto';
import { sign as nativeSign, verify as nativeVerify } from 'node:crypto';
import { concat, fromHex, toUtf8 } from './bytes.ts';
import { ImportedKeys } from './imported-keys.ts';
import type { Leg, LegCheck } from './leg.ts';

const SPKI_PREFIX = fromHex('308207b2300b0609608648016503040312038207a100'); // RFC 9881 §4
const PKCS8_SEED_PREFIX = fromHex('3034020100300b060960864801650304031204228020'); // RFC 9881 §6

/** Bytes of a context string (FIPS 204 §5.2). */
const CONTEXT_BYTES_MAX = 255;

/** The sizes of this leg. */
export const ML_DSA_65_SIZES = {
  name: 'ML-DSA-65',
  publicKeyBytes: 1_952,
  seedBytes: 32,
  signatureBytes: 3_309,
} as const;

/** True where node:crypto knows ML-DSA (OpenSSL 3.5 or newer underneath). */
export function hasNativeMlDsa(): boolean {
  try {
    importSeed(new Uint8Array(ML_DSA_65_SIZES.seedBytes));
    return true;
  } catch (error) {
    if (error instanceof Error) return false; // the runtime names the key type as unknown
    throw error;
  }
}

const IMPORTED = new ImportedKeys(SPKI_PREFIX);

/** ML-DSA-65 on node:crypto. */
export const mlDsa65Native: Leg = {
  ...ML_DSA_65_SIZES,
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

function importSeed(seed: Uint8Array): crypto.KeyObject {
  const der = Buffer.from(concat(PKCS8_SEED_PREFIX, seed));
  return crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** True if key, signature and context have sizes that a verifier may be given. */
export function hasRightSizes({ publicKey, context, signature }: LegCheck): boolean {
  return (
    publicKey.length === ML_DSA_65_SIZES.publicKeyBytes &&
    signature.length === ML_DSA_65_SIZES.signatureBytes &&
    context.isWellFormed() &&
    toUtf8(context).length <= CONTEXT_BYTES_MAX
  );
}
