/**
 * Who speaks inside the handshake: libp2p's `NoiseHandshakePayload` (libp2p specs, noise/README,
 * "The libp2p Handshake Payload"), which ties the Noise static key to the peer's Ed25519 key.
 *
 *     0a 24 <36 bytes: identity key>  12 40 <64 bytes: signature>  22 n ( 12 m <muxer> )*
 *
 * Protobuf in one spelling only: these fields, once, in this order, lengths in their shortest
 * form. The peer key is a name for routing and grants nothing; admission.ts decides that.
 */

import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys';
import type { PrivateKey, PublicKey } from '@libp2p/interface';
import { assert } from '../../core/assert.ts';
import { concat, equalBytes, fromHex, fromUtf8, Reader, toUtf8, Writer } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';

/** Bytes of one payload: two fixed fields and room for a few muxer names. */
export const PAYLOAD_BYTES_MAX = 512;
/** Muxers a peer may offer; we offer one. */
export const MUXERS_MAX = 4;

const SIGNED_PREFIX = toUtf8('noise-libp2p-static-key:');
const ED25519_KEY_PREFIX = fromHex('08011220'); // KeyType Ed25519, 32 bytes (libp2p peer-ids)
const ED25519_KEY_BYTES = ED25519_KEY_PREFIX.length + 32;

const IDENTITY_KEY = 1;
const SIGNATURE = 2;
const EXTENSIONS = 4;
const STREAM_MUXERS = 2;

/** What the peer showed, with its signature verified. */
export interface VerifiedPeer {
  readonly key: PublicKey;
  /** Multiplexers the peer speaks, in its order of preference. */
  readonly muxers: readonly string[];
}

/** Our payload: signs the static key, so that nobody else can use it as ours. */
export async function encodePayload(
  key: PrivateKey,
  staticKey: Uint8Array,
  muxers: readonly string[],
): Promise<Uint8Array> {
  const signature = await key.sign(concat(SIGNED_PREFIX, staticKey));
  const extensions = muxers.map((name) => encodeField(STREAM_MUXERS, toUtf8(name)));
  return concat(
    encodeField(IDENTITY_KEY, publicKeyToProtobuf(key.publicKey)),
    encodeField(SIGNATURE, signature),
    encodeField(EXTENSIONS, concat(...extensions)),
  );
}

/** Reads and verifies a peer's payload. Refuses `handshake-failed` and the codes of `Reader`. */
export async function verifyPayload(
  bytes: Uint8Array,
  staticKey: Uint8Array,
  expected: PublicKey | undefined,
): Promise<VerifiedPeer> {
  if (bytes.length > PAYLOAD_BYTES_MAX) throw new Refusal('too-large', { got: bytes.length });
  const reader = new Reader(bytes);
  const identityKey = decodeField(reader, IDENTITY_KEY);
  const signature = decodeField(reader, SIGNATURE);
  const muxers = decodeMuxers(decodeField(reader, EXTENSIONS));
  reader.end();

  const isEd25519 =
    identityKey.length === ED25519_KEY_BYTES &&
    equalBytes(identityKey.subarray(0, ED25519_KEY_PREFIX.length), ED25519_KEY_PREFIX);
  if (!isEd25519) throw new Refusal('handshake-failed', { reason: 'not an Ed25519 peer key' });
  const key = publicKeyFromProtobuf(identityKey);
  if (expected !== undefined && !expected.equals(key)) {
    throw new Refusal('handshake-failed', { reason: 'another peer than the one dialled' });
  }
  if (!(await key.verify(concat(SIGNED_PREFIX, staticKey), signature))) {
    throw new Refusal('handshake-failed', { reason: 'peer key signature' });
  }
  return { key, muxers };
}

function decodeMuxers(bytes: Uint8Array): readonly string[] {
  const reader = new Reader(bytes);
  const muxers: string[] = [];
  while (reader.remaining > 0) {
    if (muxers.length === MUXERS_MAX) throw new Refusal('too-large', { limit: MUXERS_MAX });
    muxers.push(fromUtf8(decodeField(reader, STREAM_MUXERS)));
  }
  return muxers;
}

/** One length-delimited field (protobuf encoding, "Length-Delimited Records"). */
function encodeField(number: number, value: Uint8Array): Uint8Array {
  assert(value.length <= PAYLOAD_BYTES_MAX, 'a payload field is short');
  const writer = new Writer().u8((number << 3) | 2);
  if (value.length < 0x80) writer.u8(value.length);
  else writer.u8((value.length & 0x7f) | 0x80).u8(value.length >> 7);
  return writer.raw(value).finish();
}

function decodeField(reader: Reader, number: number): Uint8Array {
  const tag = reader.u8();
  if (tag !== ((number << 3) | 2)) {
    throw new Refusal('handshake-failed', { reason: 'payload field', expected: number });
  }
  const low = reader.u8();
  if (low < 0x80) return reader.take(low);
  const high = reader.u8();
  if (high === 0 || high >= 0x80) throw new Refusal('handshake-failed', { reason: 'varint' });
  return reader.take((low & 0x7f) | (high << 7));
}
