/**
 * Ticks and the stop: 43 bytes that say "still current" or "no longer" (PROTOCOL §3).
 *
 *     first 8 bytes of the beacon's digest ‖ u24 index ‖ 32 bytes
 *
 * For a tick the 32 bytes are v[index] of the beacon's hash chain; for the stop the index is
 * 2^24−1 and they are the secret s. A tick proves that the holder of the seed chose to reveal
 * that step; it is a lower bound on now and nothing else. A missing tick proves nothing.
 *
 *     C      = SHA-256("holdfast/chain/v1" ‖ SHA-256(domain) ‖ u32 root ‖ u64 lineage ‖ u8 rank
 *              ‖ u64 epoch ‖ u64 issuedAt ‖ u32 periodMs ‖ u32 count ‖ manifest ‖ previous)
 *     v[i−1] = SHA-256("holdfast/tick/v1" ‖ C ‖ u32 i ‖ v[i])
 *     stop   = SHA-256("holdfast/stop/v1" ‖ C ‖ s)
 *
 * C binds chain and stop to the body, so that another body with the same anchor inherits nothing.
 */

import { assert } from '../core/assert.ts';
import { concat, equalBytes, fromHex, Reader, toHex, toUtf8, Writer } from '../core/bytes.ts';
import { DIGEST_BYTES, type Digest, sha256 } from '../core/digest.ts';
import { Refusal } from '../core/refusal.ts';
import { addMs, type UnixMs } from '../core/time.ts';
import type { Beacon } from './beacon.ts';

/** The gossip payload of a tick or a stop: one LoRaWAN frame, a small QR code. */
export const TICK_BYTES = 43;
/** The index that marks a stop: 2^24−1, past every chain. */
export const STOP_INDEX = 0xffffff;
const TAG_BYTES = 8;
const INDEX_BYTES = 4;

const CHAIN_LABEL = toUtf8('holdfast/chain/v1');
const TICK_LABEL = toUtf8('holdfast/tick/v1');
const STOP_LABEL = toUtf8('holdfast/stop/v1');
const NO_PREVIOUS = new Uint8Array(DIGEST_BYTES);

/** The preimage of a step, written over for each: none outlives its hash. */
const STEP = concat(TICK_LABEL, new Uint8Array(DIGEST_BYTES + INDEX_BYTES + DIGEST_BYTES));
const STEP_FIELDS = new DataView(STEP.buffer, STEP.byteOffset);
const COMMITMENT_AT = TICK_LABEL.length;
const INDEX_AT = COMMITMENT_AT + DIGEST_BYTES;

/** A tick or a stop off the wire: nothing in it is verified. */
export interface UnverifiedTick {
  /** The first 8 bytes of the digest of the beacon it claims, as hex. */
  readonly tag: string;
  readonly index: number;
  readonly value: Uint8Array;
  readonly bytes: Uint8Array;
}

/** What the commitment C of a chain is made from. */
export type ChainBody = Omit<Beacon, 'anchor' | 'digest' | 'limits' | 'manifestVersion' | 'stop'>;

/** C: the commitment that binds a tick chain and a stop to one beacon body. */
export function chainCommitment(body: ChainBody): Uint8Array {
  assert(body.rootVersion < 1n << 32n, 'a Root version fits 32 bits');
  return sha256(
    new Writer()
      .raw(CHAIN_LABEL)
      .raw(sha256(toUtf8(body.domain)))
      .u32(Number(body.rootVersion))
      .u64(body.lineage)
      .u8(body.rank)
      .u64(body.epoch)
      .u64(BigInt(body.issuedAt))
      .u32(body.periodMs)
      .u32(body.count)
      .raw(fromHex(body.manifestDigest))
      .raw(body.previous === null ? NO_PREVIOUS : fromHex(body.previous))
      .finish(),
  );
}

/** All values of a chain from its secret last one: `chain[i]` is v[i], `chain[0]` the anchor. */
export function buildChain(
  commitment: Uint8Array,
  seed: Uint8Array,
  count: number,
): readonly Uint8Array[] {
  const chain: Uint8Array[] = new Array(count + 1);
  let value = seed;
  chain[count] = value;
  for (let i = count; i > 0; i--) {
    value = tickBefore(commitment, i, value);
    chain[i - 1] = value;
  }
  return chain;
}

/** v[index − 1] from v[index], for one chain. */
export function tickBefore(commitment: Uint8Array, index: number, value: Uint8Array): Uint8Array {
  STEP.set(commitment, COMMITMENT_AT);
  STEP_FIELDS.setUint32(INDEX_AT, index);
  STEP.set(value, INDEX_AT + INDEX_BYTES);
  return sha256(STEP);
}

/** The commitment a beacon publishes to its stop secret. */
export function stopCommitment(commitment: Uint8Array, secret: Uint8Array): Uint8Array {
  return sha256(STOP_LABEL, commitment, secret);
}

/** The 43 bytes of a tick or a stop. */
export function encodeTick(beacon: Digest, index: number, value: Uint8Array): Uint8Array {
  return new Writer()
    .raw(fromHex(tickTagOf(beacon)))
    .u24(index)
    .raw(value)
    .finish();
}

/** What a tick calls its beacon: of most that are gossiped nothing else is ever read. */
export function tagInTick(bytes: Uint8Array): string {
  return toHex(bytes.subarray(0, TAG_BYTES));
}

/** Reads the 43 bytes. Refuses `truncated` and `trailing-bytes`. */
export function decodeTick(bytes: Uint8Array): UnverifiedTick {
  const reader = new Reader(bytes);
  const tick = {
    tag: toHex(reader.take(TAG_BYTES)),
    index: reader.u24(),
    value: reader.take(DIGEST_BYTES),
    bytes,
  };
  reader.end();
  return tick;
}

/** What ticks call a beacon: the first 8 bytes of its digest, as hex. */
export function tickTagOf(beacon: Digest): string {
  return beacon.slice(0, 2 * TAG_BYTES);
}

/** True when the tick names this beacon. */
export function isTickOf(tick: UnverifiedTick, beacon: Digest): boolean {
  return beacon.startsWith(tick.tag);
}

/** The time of step `index`: when the writer's clock read it, nothing had been withdrawn. */
export function tickTime(beacon: Beacon, index: number): UnixMs {
  return addMs(beacon.issuedAt, index * beacon.periodMs);
}

/** The nearest step already verified: the anchor, or the highest tick held. */
export interface KnownStep {
  readonly index: number;
  readonly value: Uint8Array;
}

/**
 * Verifies a tick against the nearest step already held, at a cost of `index − from.index` hashes.
 * Refuses `tick-wrong`: under a matching tag a wrong value is provably wrong.
 */
export function verifyTick(commitment: Uint8Array, tick: KnownStep, from: KnownStep): void {
  assert(tick.index > from.index, 'a tick is verified against an earlier step');
  let value = tick.value;
  for (let i = tick.index; i > from.index; i--) value = tickBefore(commitment, i, value);
  if (!equalBytes(value, from.value)) throw new Refusal('tick-wrong', { index: tick.index });
}

/** Verifies a revealed stop secret. Refuses `tick-wrong`. */
export function verifyStop(commitment: Uint8Array, beacon: Beacon, secret: Uint8Array): void {
  if (!equalBytes(stopCommitment(commitment, secret), beacon.stop)) {
    throw new Refusal('tick-wrong', { index: STOP_INDEX });
  }
}
