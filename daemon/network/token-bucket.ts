/**
 * A rate limit: so many at once, so many a second (RFC 2697 §3, one colour).
 *
 * Pure, and without a clock on the hot path: whoever owns the bucket refills it now and then, so
 * that a flood costs one comparison for each message.
 */

import { assert } from '../../core/assert.ts';
import { SECOND_MS } from '../../core/time.ts';

/** Full at the start. */
export class TokenBucket {
  readonly #ratePerS: number;
  readonly #burst: number;
  #tokens: number;

  constructor({ ratePerS, burst }: { ratePerS: number; burst: number }) {
    this.#ratePerS = ratePerS;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes so many tokens, or none and says false. */
  take(count = 1): boolean {
    if (!this.holds(count)) return false;
    this.#tokens -= count;
    return true;
  }

  /** True where `take` would say so. */
  holds(count: number): boolean {
    return this.#tokens >= count;
  }

  /** Takes all there are. */
  empty(): void {
    this.#tokens = 0;
  }

  /** Puts back what `elapsedMs` earned. */
  refill(elapsedMs: number): void {
    assert(elapsedMs >= 0, 'time does not run backwards');
    this.#tokens = Math.min(this.#burst, this.#tokens + (this.#ratePerS * elapsedMs) / SECOND_MS);
  }

  /** What is left of the burst, in whole percent. */
  get leftPercent(): number {
    return Math.floor((100 * this.#tokens) / this.#burst);
  }

  /** Whether nothing is owed: a full bucket can be forgotten and made anew. */
  get isFull(): boolean {
    return this.#tokens === this.#burst;
  }
}
