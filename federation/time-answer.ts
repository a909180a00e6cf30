/**
 * Answers to the question what time it is (PROTOCOL §4.4).
 *
 *     answer = nonce 32 ‖ u8 basis ‖ u64 lineage ‖ u8 rank ‖ u64 epoch ‖ beacon digest 32
 *              ‖ u64 time ‖ u32 len(lease) ‖ lease envelope ‖ signature pair 3373
 *
 * An empty lease stands for the beacon key in force; with a lease the node it names has signed. The
 * pair is over "holdfast/time/v1\0" ‖ u8 len(domain) ‖ domain ‖ the answer up to its time, with the
 * ML-DSA context "holdfast/time/v1". Whose word is enough is judged in `inquiry.ts`.
 */

import { concat, fromHex, Reader, toHex, toUtf8, Writer } from '../core/bytes.ts';
import { DIGEST_BYTES, type Digest } from '../core/digest.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { SIGNATURE_PAIR_BYTES, type Signer, type Suite } from '../core/suite.ts';
import { UNIX_MS_MAX, type UnixMs, unixMs } from '../core/time.ts';
import type { BeaconPlace } from './beacon.ts';
import { type Belief, newestRoot, rankInForce } from './belief.ts';
import { TIME_BASES, type TimeBasis } from './known-time.ts';
import { beaconKeyOf } from './root.ts';

/** Bytes of the nonce that binds an answer to its question. */
export const NONCE_BYTES = 32;
const TIME_CONTEXT = 'holdfast/time/v1';
const TIME_LABEL = toUtf8(`${TIME_CONTEXT}\0`);

/** What an answer says: the date, what it rests on, and the newest beacon of whoever says it. */
export interface TimeStatement {
  readonly nonce: Uint8Array;
  readonly basis: TimeBasis;
  readonly place: BeaconPlace;
  readonly beacon: Digest;
  readonly time: UnixMs;
}

/** An answer as it came: nothing in it is verified. */
export interface UnverifiedAnswer extends TimeStatement {
  /** The envelope of the node's lease, or null for the beacon key. */
  readonly lease: Uint8Array | null;
  readonly signature: Uint8Array;
}

/** Signs a statement about `domain` with the beacon key, or with a node key and its lease. */
export function signAnswer(
  domain: TrustDomain,
  statement: TimeStatement,
  voice: { readonly signer: Signer; readonly lease: Uint8Array | null },
): Uint8Array {
  const lease = voice.lease ?? new Uint8Array();
  return new Writer()
    .raw(encodeStatement(statement))
    .u32(lease.length)
    .raw(lease)
    .raw(voice.signer.sign(preimageOf(domain, statement), TIME_CONTEXT))
    .finish();
}

/** Reads an answer. Refuses `truncated`, `trailing-bytes` and `frame-malformed`. */
export function decodeAnswer(bytes: Uint8Array): UnverifiedAnswer {
  const reader = new Reader(bytes);
  const nonce = reader.take(NONCE_BYTES);
  const basis = TIME_BASES[reader.u8()];
  const place = { lineage: reader.u64(), rank: reader.u8(), epoch: reader.u64() };
  const beacon = toHex(reader.take(DIGEST_BYTES)) as Digest;
  const time = reader.u64();
  const lease = reader.take(reader.u32());
  const signature = reader.take(SIGNATURE_PAIR_BYTES);
  reader.end();
  if (basis === undefined || time > BigInt(UNIX_MS_MAX)) {
    throw new Refusal('frame-malformed', { member: basis === undefined ? 'basis' : 'time' });
  }
  return {
    ...{ nonce, basis, place, beacon, signature },
    time: unixMs(Number(time)),
    lease: lease.length === 0 ? null : lease,
  };
}

/**
 * Verifies an answer of the beacon key in force. Refuses `answer-voice` where none is in force by
 * what is held, and `signature-invalid`.
 */
export function verifyBeaconKey(suite: Suite, belief: Belief, answer: UnverifiedAnswer): void {
  const root = newestRoot(belief)?.root;
  const rank = rankInForce(belief);
  const key = root === undefined || rank === null ? undefined : beaconKeyOf(root, rank);
  const publicPair = key === undefined ? undefined : root?.publicPairs.get(key.keyId);
  if (root === undefined || key === undefined || publicPair === undefined) {
    throw new Refusal('answer-voice', { domain: belief.domain, why: 'no beacon key in force' });
  }
  // A Root that is not held here may have put another key in force: the answerer is not wrong.
  if (answer.place.lineage !== root.lineage || answer.place.rank !== rank) {
    throw new Refusal('answer-voice', { domain: belief.domain, rank: answer.place.rank });
  }
  verifySignature(suite, belief.domain, answer, publicPair);
}

/** Verifies the pair of an answer by one key. Refuses `signature-invalid`. */
export function verifySignature(
  suite: Suite,
  domain: TrustDomain,
  answer: UnverifiedAnswer,
  publicPair: Signer['publicPair'],
): void {
  const message = preimageOf(domain, answer);
  const { signature } = answer;
  if (!suite.verify({ publicPair, message, context: TIME_CONTEXT, signature })) {
    throw new Refusal('signature-invalid', { type: 'time answer' });
  }
}

function encodeStatement({ nonce, basis, place, beacon, time }: TimeStatement): Uint8Array {
  return new Writer()
    .raw(nonce)
    .u8(TIME_BASES.indexOf(basis))
    .u64(place.lineage)
    .u8(place.rank)
    .u64(place.epoch)
    .raw(fromHex(beacon))
    .u64(BigInt(time))
    .finish();
}

function preimageOf(domain: TrustDomain, statement: TimeStatement): Uint8Array {
  const name = toUtf8(domain);
  return concat(TIME_LABEL, Uint8Array.of(name.length), name, encodeStatement(statement));
}
