/**
 * Signatures stood in by keyed hashes, behind the port of `core/suite`.
 *
 * A real ML-DSA-65 verification alone would cap a run at some 8,000 events a second. Both legs
 * keep their sizes on the wire and verify separately, so that whatever forgets one is noticed.
 * Anyone who knows a public key could make these tags: the world's adversaries sign only through
 * signers that they stole. The second leg is hedged as the real one is: a message signed twice has
 * two signatures. Never used outside of the simulator.
 */

import { concat, toUtf8, Writer } from '../core/bytes.ts';
import { sha256 } from '../core/digest.ts';
import type { Leg, LegCheck } from '../core/leg.ts';
import {
  ED25519_KEY_BYTES,
  ED25519_SIGNATURE_BYTES,
  ML_DSA_65_KEY_BYTES,
  ML_DSA_65_SIGNATURE_BYTES,
  pairSuite,
  type Suite,
} from '../core/suite.ts';

const TAG_BYTES = 32;
const SALT_BYTES = 4;

/** The hybrid pair of two stood-in legs. */
export const standInSuite: Suite = pairSuite(
  'stand-in',
  standInLeg('stand-in/ed25519', ED25519_KEY_BYTES, ED25519_SIGNATURE_BYTES),
  hedged(
    standInLeg('stand-in/ml-dsa-65', ML_DSA_65_KEY_BYTES, ML_DSA_65_SIGNATURE_BYTES - SALT_BYTES),
  ),
);

function standInLeg(name: string, publicKeyBytes: number, signatureBytes: number): Leg {
  const label = toUtf8(`${name}\0`);
  const tagOf = ({ publicKey, message, context }: Omit<LegCheck, 'signature'>): Uint8Array =>
    sha256(label, publicKey.subarray(0, TAG_BYTES), toUtf8(context), message);
  return {
    name,
    publicKeyBytes,
    seedBytes: TAG_BYTES,
    signatureBytes,
    open(seed) {
      const publicKey = stretch(sha256(label, seed), publicKeyBytes);
      return {
        publicKey,
        sign: (message, context) => stretch(tagOf({ publicKey, message, context }), signatureBytes),
      };
    },
    verify(check) {
      const { signature } = check;
      return signature.length === signatureBytes && isStretched(signature, tagOf(check));
    },
  };
}

/** The same leg with a number before each signature, which counts what the signer has signed. */
function hedged(leg: Leg): Leg {
  return {
    ...leg,
    signatureBytes: SALT_BYTES + leg.signatureBytes,
    open(seed) {
      const signer = leg.open(seed);
      let signed = 0;
      return {
        ...signer,
        sign: (message, context) => {
          const salt = new Writer().u32(++signed).finish();
          return concat(salt, signer.sign(concat(message, salt), context));
        },
      };
    },
    verify: ({ signature, message, ...check }) =>
      leg.verify({
        ...check,
        message: concat(message, signature.subarray(0, SALT_BYTES)),
        signature: signature.subarray(SALT_BYTES),
      }),
  };
}

/** The tag again and again, up to the length that the real leg has. */
function stretch(tag: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(tag.subarray(0, length));
  for (let laid = TAG_BYTES; laid < length; laid *= 2) out.copyWithin(laid, 0, laid);
  return out;
}

function isStretched(signature: Uint8Array, tag: Uint8Array): boolean {
  for (let i = 0; i < TAG_BYTES; i++) if (signature[i] !== tag[i]) return false;
  // The rest repeats the tag: it equals itself, moved on by one tag.
  for (let i = TAG_BYTES; i < signature.length; i++) {
    if (signature[i] !== signature[i - TAG_BYTES]) return false;
  }
  return true;
}
