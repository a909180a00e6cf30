/** The `Random` port from a seed: equal seeds give equal bytes. */

import { createHash } from 'node:crypto';
import type { Random } from '../../daemon/ports.ts';

/** Of a node whose moments are nobody's business. */
export const NO_DICE: Uint8Array = new Uint8Array(32);

export class SeededRandom implements Random {
  readonly #seed: string;
  #block = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count);
    for (let at = 0; at < count; at += 32) {
      const block = createHash('sha256')
        .update(`${this.#seed}/${this.#block++}`)
        .digest();
      out.set(block.subarray(0, count - at), at);
    }
    return out;
  }
}
