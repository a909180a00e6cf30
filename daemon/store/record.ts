/**
 * One stored record: an 8-byte checksum, then the value.
 *
 * The checksum is the head of SHA-256 over key and value. It finds a bit that flipped on disk or a
 * value that moved under another key; it is no defence against somebody who can write the disk.
 * The sum of all checksums, kept in a record of its own, finds what a checksum per record cannot:
 * a record that is missing, or one that came back.
 */

import { concat, equalBytes, Reader, toUtf8, Writer } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';

const CHECKSUM_BYTES = 8;
const LABEL = toUtf8('holdfast/record/v1\0');
const SUM_BITS = 64;

/** The first 8 bytes of SHA-256(label ‖ u32 length of key ‖ key ‖ value), as a number. */
export function checksumOf(key: string, value: Uint8Array): bigint {
  return new Reader(checksumBytes(key, value)).u64();
}

/** `checksum ‖ value`, as it lies on disk. */
export function encodeRecord(key: string, value: Uint8Array): Uint8Array {
  return concat(checksumBytes(key, value), value);
}

/** The value of a record. Refuses `state-corrupt`, naming the key. */
export function decodeRecord(key: string, record: Uint8Array): Uint8Array {
  const value = record.slice(CHECKSUM_BYTES);
  if (!equalBytes(record.subarray(0, CHECKSUM_BYTES), checksumBytes(key, value))) {
    throw new Refusal('state-corrupt', { key });
  }
  return value;
}

/** Adds `delta` to a running sum modulo 2^64. Order does not matter; subtraction takes out. */
export function addChecksum(sum: bigint, delta: bigint): bigint {
  return BigInt.asUintN(SUM_BITS, sum + delta);
}

/** The value of the seal record: u64 sum, u32 number of records. */
export function encodeSeal(sum: bigint, count: number): Uint8Array {
  return new Writer().u64(sum).u32(count).finish();
}

function checksumBytes(key: string, value: Uint8Array): Uint8Array {
  const name = toUtf8(key);
  const length = new Writer().u32(name.length).finish();
  return sha256(LABEL, length, name, value).slice(0, CHECKSUM_BYTES);
}
