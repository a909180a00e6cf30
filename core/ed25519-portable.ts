/**
 * The classical leg in plain JavaScript: for runtimes that lack the rest of the suite, and the
 * oracle of the native one. It repeats that one's cofactorless equation, encode(S·B − h·A) = R
 * (RFC 8032 §5.1.7), behind the same strict pre-check.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes } from './bytes.ts';
import { ED25519_SIZES, isStrict, POINT_BYTES } from './ed25519.ts';
import type { Leg } from './leg.ts';

/** Ed25519 on @noble/curves. */
export const ed25519Portable: Leg = {
  ...ED25519_SIZES,
  open(seed) {
    return {
      publicKey: ed25519.getPublicKey(seed),
      sign: (message) => ed25519.sign(message, seed),
    };
  },
  verify({ publicKey, message, signature }) {
    if (!isStrict(publicKey, signature)) return false;
    const r = signature.subarray(0, POINT_BYTES);
    const s = littleEndian(signature.subarray(POINT_BYTES));
    const order = ed25519.Point.Fn.ORDER;
    if (s >= order) return false; // RFC 8032 §5.1.7: or S + L would be a second signature
    const h = littleEndian(sha512(concat(r, publicKey, message))) % order;
    try {
      const a = ed25519.Point.fromBytes(publicKey);
      const expected = ed25519.Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(h));
      return equalBytes(expected.toBytes(), r);
    } catch (error) {
      if (error instanceof Error) return false; // the key is not a point of the curve
      throw error;
    }
  },
};

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}
