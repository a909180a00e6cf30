/**
 * Signatures that come out the same each time, for vectors alone: what is in service is hedged.
 *
 * A document is forged as everywhere, and signed anew here by the keys whose seeds are known; a
 * slot of any other key stays as it is.
 */

import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { concat, fromHex, toUtf8, Writer } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { ed25519Native } from '../../core/ed25519.ts';
import { keyIdOf, type SignaturePair, type Signer } from '../../core/suite.ts';
import { decodeEnvelope, ENVELOPE_CONTEXT, encodeEnvelope } from '../../federation/envelope.ts';
import { signerOf } from '../fakes/coalition.ts';

/** Every key of the vectors, as `signerOf` derives it from a name. */
const NAMES = [
  ...['root', 'beacon-0', 'beacon-1', 'documents', 'revocation-0', 'revocation-1', 'node'].map(
    (role) => `blue/${role}`,
  ),
  ...['red/documents', 'stranger'],
  ...['person/ann', 'person/bob', 'person/cy'],
];

/** The signer of a name, which signs the same bytes alike each time. */
export function stillSigner(name: string): Signer {
  const [classical, quantum] = [sha256(toUtf8(`${name}/1`)), sha256(toUtf8(`${name}/2`))];
  const ed25519 = ed25519Native.open(classical);
  const { secretKey } = ml_dsa65.keygen(quantum);
  const { publicPair } = signerOf(name);
  const sign = (message: Uint8Array, context: string): SignaturePair => {
    const hedging = { context: toUtf8(context), extraEntropy: false } as const;
    return concat(
      ed25519.sign(message, ''),
      ml_dsa65.sign(message, secretKey, hedging),
    ) as SignaturePair;
  };
  return { publicPair, keyId: keyIdOf(publicPair), sign };
}

const SIGNERS: ReadonlyMap<string, Signer> = new Map(
  NAMES.map((name) => {
    const signer = stillSigner(name);
    return [signer.keyId, signer];
  }),
);

/** The same envelope with the one signature that each of its keys makes without hedging. */
export function still(bytes: Uint8Array): Uint8Array {
  const { type, slots, payload } = decodeEnvelope(bytes);
  const signed = slots.map(({ keyId, signature }) => {
    const signer = SIGNERS.get(keyId);
    if (signer === undefined) return { keyId, signature };
    const head = new Writer().raw(toUtf8('holdfast/envelope/v1\0')).u16(type.length);
    const preimage = concat(head.raw(toUtf8(type)).raw(fromHex(keyId)).finish(), payload);
    return { keyId, signature: signer.sign(preimage, ENVELOPE_CONTEXT) };
  });
  return encodeEnvelope(type, signed, payload);
}
