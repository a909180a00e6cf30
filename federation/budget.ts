/**
 * Token buckets on the boot clock: how much one peer may ask of us (PROTOCOL §6.2).
 */

import { type BootMs, elapsedMs, SECOND_MS } from '../core/time.ts';

/** How fast a bucket fills, and how much it holds. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A bucket that fills with boot time; a spend that does not fit changes nothing. */
export class Bucket {
  readonly #rate: Rate;
  #level: number;
  #at: BootMs;

  constructor(rate: Rate, now: BootMs) {
    this.#rate = rate;
    this.#level = rate.burst;
    this.#at = now;
  }

  /** True if `amount` was there to be spent. */
  spend(amount: number, now: BootMs): boolean {
    const filled = (elapsedMs(this.#at, now) / SECOND_MS) * this.#rate.perSecond;
    this.#level = Math.min(this.#rate.burst, this.#level + filled);
    this.#at = now;
    if (amount > this.#level) return false;
    this.#level -= amount;
    return true;
  }
}
