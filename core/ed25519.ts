/**
 * The classical leg: Ed25519 by RFC 8032 §5.1, strict, with one verdict whichever runtime judges.
 *
 * Verifiers in the field differ on small-order keys, on non-canonical points and on the cofactor,
 * and a coalition whose nodes disagree about a signature disagrees about belief. So this
 * implementation and `ed25519-portable.ts` share one pre-check: canonical, no small order.
 */

import {
  createPrivateKey,
  createPublicKey,
  sign as nativeSign,
  verify as nativeVerify,
} from 'node:crypto';
import { concat, equalBytes, fromHex } from './bytes.ts';
import { ImportedKeys } from './imported-keys.ts';
import type { Leg } from './leg.ts';

const SPKI_PREFIX = fromHex('302a300506032b6570032100'); // RFC 8410 §4
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420'); // RFC 8410 §7
/** Bytes of an encoded point: the public key, and R of a signature. */
export const POINT_BYTES = 32;

/** y coordinates of the eight points of small order, sign bit masked, little-endian. */
const SMALL_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(fromHex);

/** The sizes of this leg. */
export const ED25519_SIZES = {
  name: 'Ed25519',
  publicKeyBytes: 32,
  seedBytes: 32,
  signatureBytes: 64,
} as const;

const IMPORTED = new ImportedKeys(SPKI_PREFIX);

/** Ed25519 on node:crypto. It has no context; the envelope's preimage separates its uses. */
export const ed25519Native: Leg = {
  ...ED25519_SIZES,
  open(seed) {
    const key = createPrivateKey({
      key: Buffer.from(concat(PKCS8_PREFIX, seed)),
      format: 'der',
      type: 'pkcs8',
    });
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
    return {
      publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
      sign: (message) => new Uint8Array(nativeSign(null, message, key)),
    };
  },
  verify({ publicKey, message, signature }) {
    if (!isStrict(publicKey, signature)) return false;
    return nativeVerify(null, message, IMPORTED.get(publicKey), signature);
  },
};

/** Sizes as they must be; the key and R canonical and of no small order. */
export function isStrict(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === ED25519_SIZES.publicKeyBytes &&
    signature.length === ED25519_SIZES.signatureBytes &&
    isStrictPoint(publicKey) &&
    isStrictPoint(signature.subarray(0, POINT_BYTES))
  );
}

function isStrictPoint(encoded: Uint8Array): boolean {
  const y = Uint8Array.from(encoded);
  y[31] = (y[31] ?? 0) & 0x7f;
  const beyondField =
    y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff) && (y[0] ?? 0) >= 0xed;
  return !beyondField && !SMALL_ORDER_Y.some((small) => equalBytes(small, y));
}
