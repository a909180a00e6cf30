/**
 * Seeded chance: xoshiro128** over 32-bit integers, seeded by splitmix32.
 *
 * Each subsystem rolls dice of its own, named by it, so that one more roll in one place does not
 * shift what happens in another. Integers only: the same seed gives the same run on every runtime.
 * Nothing here is cryptographic.
 */

import { assert } from '../core/assert.ts';

const MILLION = 1_000_000;

/** One stream of chance. */
export class Dice {
  readonly #s: Uint32Array;

  /** `name` splits the streams of one seed. */
  constructor(seed: number, name: string) {
    assert(Number.isSafeInteger(seed) && seed >= 0, `not a seed: ${seed}`);
    let state = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32) + 1, 0x9e3779b9);
    for (let i = 0; i < name.length; i++) {
      state = Math.imul(state ^ name.charCodeAt(i), 0x01000193) >>> 0;
    }
    this.#s = new Uint32Array(4).map(() => {
      state = (state + 0x9e3779b9) >>> 0;
      const a = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      const b = Math.imul(a ^ (a >>> 15), 0x735a2d97);
      return (b ^ (b >>> 15)) >>> 0;
    });
  }

  /** 32 bits. */
  u32(): number {
    const s = this.#s as unknown as [number, number, number, number];
    const product = Math.imul(s[1], 5);
    const rolled = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return rolled;
  }

  /** 0 to `count` − 1; the bias of the remainder is of no consequence here. */
  below(count: number): number {
    assert(count >= 1, 'dice have a face');
    if (count > 2 ** 32) return (this.u32() * 2 ** 21 + (this.u32() >>> 11)) % count;
    return this.u32() % count;
  }

  /** `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with a probability of so many millionths; no roll is made where there is no chance. */
  chance(ppm: number): boolean {
    return ppm > 0 && this.below(MILLION) < ppm;
  }

  /** One of several. */
  pick<T>(from: readonly T[]): T {
    const chosen = from[this.below(from.length)];
    assert(chosen !== undefined, 'something to pick from');
    return chosen;
  }

  /** All of them in another order. */
  shuffle<T>(from: readonly T[]): T[] {
    const all = [...from];
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = all[i] as T;
      all[i] = all[j] as T;
      all[j] = held;
    }
    return all;
  }

  /** A waiting time of this mean, exponential to within a percent, in integers. */
  wait(meanMs: number): number {
    const bits = this.u32();
    const zeros = Math.clz32(bits);
    const rest = zeros >= 24 ? 0 : (bits >>> (23 - zeros)) & 0xff;
    // −ln u ≈ ln 2 · (leading zeros + 1 − what follows them); ln 2 / 256 ≈ 177 / 65,536.
    return Math.floor((meanMs * (zeros * 256 + 255 - rest) * 177) / 65_536);
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.u32();
    return bytes;
  }
}
