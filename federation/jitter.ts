/**
 * Moments that nobody else can foretell (PROTOCOL §6.9): numbers out of random bytes that the
 * machine drew when it started. The state machine has no other randomness, so that the same bytes
 * and the same inputs give the same steps.
 */

import { Reader, Writer } from '../core/bytes.ts';
import { sha256 } from '../core/digest.ts';

const NUMBERS = 2 ** 32;

/** One number after the other; each is drawn once. */
export class Jitter {
  readonly #seed: Uint8Array;
  #drawn = 0n;

  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  /** Between the two, `from` included. */
  between(from: number, to: number): number {
    const drawn = sha256(this.#seed, new Writer().u64(this.#drawn++).finish());
    return from + ((to - from) * new Reader(drawn.subarray(0, 4)).u32()) / NUMBERS;
  }
}
