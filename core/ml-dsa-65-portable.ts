/**
 * The post-quantum leg in plain JavaScript: for runtimes without ML-DSA, and the oracle of the
 * native one.
 */

import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { toUtf8 } from './bytes.ts';
import type { Leg } from './leg.ts';
import { hasRightSizes, ML_DSA_65_SIZES } from './ml-dsa-65.ts';

/** ML-DSA-65 on @noble/post-quantum. */
export const mlDsa65Portable: Leg = {
  ...ML_DSA_65_SIZES,
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
