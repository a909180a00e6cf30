/**
 * Moments that nobody else can foretell (PROTOCOL §6.9): numbers out of random bytes that the
 * machine drew when it started. The state machine has no other randomness, so that the same bytes
 * and the same inputs give the same steps.
 */

import { Writer } from '../core/bytes.ts';
import { digestOf } from '../core/digest.ts';

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
    const drawn = digestOf(this.#seed, new Writer().u64(this.#drawn++).finish());
    return from + ((to - from) * Number.parseInt(drawn.slice(0, 8), 16)) / NUMBERS;
  }
}
