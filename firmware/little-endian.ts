/**
 * Reads the little-endian fields of what firmware and kernel log.
 *
 * TPM structures are big-endian and use core's Reader; UEFI and Linux write in the order of the
 * machine, and every machine we run on is little-endian.
 */

import { Refusal } from '../core/refusal.ts';

/** A bounded reader; refuses `truncated` rather than read past the end. */
export class LittleEndianReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** The next `count` bytes, as a view that shares memory. */
  take(count: number): Uint8Array {
    const from = this.#advance(count);
    return this.#bytes.subarray(from, from + count);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A count or length of 64 bits. Refuses `truncated` for one that no input of ours can have. */
  count64(): number {
    const low = this.u32();
    const high = this.u32();
    if (high !== 0) throw new Refusal('truncated', { expected: high * 2 ** 32 + low });
    return low;
  }

  /** Refuses `trailing-bytes` unless everything was read. */
  end(): void {
    if (this.remaining !== 0) throw new Refusal('trailing-bytes', { surplus: this.remaining });
  }

  #advance(count: number): number {
    if (count > this.remaining) {
      throw new Refusal('truncated', { expected: count, got: this.remaining });
    }
    const from = this.#at;
    this.#at += count;
    return from;
  }
}
