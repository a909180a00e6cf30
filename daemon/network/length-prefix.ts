/**
 * Big-endian length prefixes in the form that libp2p's stream readers take them.
 *
 * A length decoder says "not enough bytes yet" with a RangeError; anything else it throws ends the
 * stream. Both prefixes here are checked against a limit before a single byte is waited for.
 */

import type { Uint8ArrayList } from 'uint8arraylist';
import { Writer } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';

/** How a stream marks where one message ends. */
export interface LengthPrefix {
  /** Bytes of the prefix itself. */
  readonly bytes: number;
  encode(length: number): Uint8Array;
  /** Refuses `too-large` and `truncated`; throws RangeError where the prefix is incomplete. */
  decode(buffered: Uint8Array | Uint8ArrayList): number;
}

/** A two-byte prefix (Noise §13) for messages of `min` to `max` bytes. */
export function prefix16(min: number, max: number): LengthPrefix {
  return {
    bytes: 2,
    encode: (length) => new Writer().u16(length).finish(),
    decode: (buffered) => within(firstBytes(buffered, 2).getUint16(0), min, max),
  };
}

/** A four-byte prefix for messages of at most `max` bytes. */
export function prefix32(max: number): LengthPrefix {
  return {
    bytes: 4,
    encode: (length) => new Writer().u32(length).finish(),
    decode: (buffered) => within(firstBytes(buffered, 4).getUint32(0), 0, max),
  };
}

/** One for all, which ends every piece of bytes: libp2p swallows it, and a stack costs the most. */
const INCOMPLETE = new RangeError('length prefix incomplete');

function firstBytes(buffered: Uint8Array | Uint8ArrayList, count: number): DataView {
  if (buffered.byteLength < count) throw INCOMPLETE;
  const head = buffered.subarray(0, count);
  return new DataView(head.buffer, head.byteOffset, count);
}

function within(length: number, min: number, max: number): number {
  if (length < min) throw new Refusal('truncated', { expected: min, got: length });
  if (length > max) throw new Refusal('too-large', { limit: max, got: length });
  return length;
}
