/**
 * Token buckets on the boot clock: how much a peer or a domain may ask of us (PROTOCOL §6.2).
 */

import { type BootMs, elapsedMs, SECOND_MS } from '../core/time.ts';

/** How fast a bucket fills, and how much it holds. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A bucket that fills with boot time. */
export class Bucket {
  readonly #rate: Rate;
  #level: number;
  #at: BootMs;

  constructor(rate: Rate, now: BootMs) {
    this.#rate = rate;
    this.#level = rate.burst;
    this.#at = now;
  }

  /** True if `amount` was there to be spent; one that does not fit changes nothing. */
  spend(amount: number, now: BootMs): boolean {
    this.#fill(now);
    if (amount > this.#level) return false;
    this.#level -= amount;
    return true;
  }

  /** Takes `amount`, whatever is there: the rest is owed, a burst at most. */
  owe(amount: number, now: BootMs): void {
    this.#fill(now);
    this.#level = Math.max(-this.#rate.burst, this.#level - amount);
  }

  /** True while there is nothing in it, or less. */
  isOwing(now: BootMs): boolean {
    this.#fill(now);
    return this.#level <= 0;
  }

  /** What is in it, in whole percent of a burst. */
  leftPercent(now: BootMs): number {
    this.#fill(now);
    return Math.floor((100 * Math.max(0, this.#level)) / this.#rate.burst);
  }

  #fill(now: BootMs): void {
    const filled = (elapsedMs(this.#at, now) / SECOND_MS) * this.#rate.perSecond;
    this.#level = Math.min(this.#rate.burst, this.#level + filled);
    this.#at = now;
  }
}
