/**
 * How many bytes the guests of one host may move (PROTOCOL §6.3), both ways together.
 *
 * A guest's name is free, so that what it costs is charged to where it comes from. An allowance
 * outlives its links until it is full again: redialling under another name buys nothing.
 */

import { GUEST_BYTES_BURST, GUEST_BYTES_PER_S } from '../../core/limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** Hosts remembered at once; past it the one longest known is forgotten. */
export const GUEST_HOSTS_MAX = 1_024;

export class GuestAllowances {
  readonly #buckets = new Map<string, TokenBucket>();

  /** Charges `host`; false where it has not so much left, and then it has nothing left. */
  spend(host: string, bytes: number): boolean {
    const isWithin = this.#bucketOf(host).take(bytes);
    if (!isWithin) this.forfeit(host);
    return isWithin;
  }

  /** Takes all that `host` has left: its guest was provably wrong too often. */
  forfeit(host: string): void {
    this.#bucketOf(host).empty();
  }

  /** Refills all allowances, and forgets those that are full. */
  refill(elapsedMs: number): void {
    for (const [host, bucket] of this.#buckets) {
      bucket.refill(elapsedMs);
      if (bucket.isFull) this.#buckets.delete(host);
    }
  }

  /** Hosts that owe something. */
  get size(): number {
    return this.#buckets.size;
  }

  #bucketOf(host: string): TokenBucket {
    const known = this.#buckets.get(host);
    if (known !== undefined) return known;
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= GUEST_HOSTS_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    const bucket = new TokenBucket({ ratePerS: GUEST_BYTES_PER_S, burst: GUEST_BYTES_BURST });
    this.#buckets.set(host, bucket);
    return bucket;
  }
}
