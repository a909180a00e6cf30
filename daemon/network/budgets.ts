/**
 * How much one peer may ask of this process before anybody looks at what it says.
 *
 * The federation judges contents and deserts; this only keeps a flood from costing more than the
 * bytes it came in. A budget outlives its link until it is full again: redialling buys nothing.
 */

import {
  GOSSIP_BURST,
  GOSSIP_BYTES_BURST,
  GOSSIP_BYTES_PER_S,
  GOSSIP_RATE_PER_S,
  SYNC_BURST,
  SYNC_RATE_PER_S,
  WANT_TIMEOUT_MS,
  WANTS_OPEN_MAX,
} from '../../core/limits.ts';
import type { PeerBudget, PeerName } from '../ports.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * What a peer spends: a frame of the sync protocol, a gossip message that is new here, or a byte of
 * gossip, replays and malformed ones included, which gossipsub shows to nobody.
 */
export type Spending = 'sync' | 'gossip' | 'gossipBytes';

interface Budget extends Readonly<Record<Spending, TokenBucket>> {
  /** Frames that it was asked for and has not sent, which cost nothing, and for how long yet. */
  expected: number;
  expectedForMs: number;
}

/** The budgets of all peers heard lately; at most one for each link of the last ten seconds. */
export class Budgets {
  readonly #budgets = new Map<PeerName, Budget>();

  /** Charges `peer`; false where its budget is spent and the message is to be dropped. */
  spend(peer: PeerName, on: Spending, count = 1): boolean {
    const budget = this.#budgets.get(peer) ?? newBudget();
    this.#budgets.set(peer, budget);
    if (on === 'sync' && budget.expected > 0) {
      budget.expected -= 1;
      return true;
    }
    return budget[on].take(count);
  }

  /** So many frames of the peer are free: we asked for them. */
  expect(peer: PeerName, frames: number): void {
    if (frames === 0) return;
    const budget = this.#budgets.get(peer) ?? newBudget();
    this.#budgets.set(peer, budget);
    budget.expected = Math.min(WANTS_OPEN_MAX, budget.expected + frames);
    budget.expectedForMs = WANT_TIMEOUT_MS;
  }

  /** What is left of a peer's, in percent. */
  of(peer: PeerName): PeerBudget {
    const budget = this.#budgets.get(peer) ?? newBudget();
    return { sync: budget.sync.leftPercent, gossip: budget.gossip.leftPercent };
  }

  /** Refills all budgets, and forgets those that are full. */
  refill(elapsedMs: number): void {
    for (const [peer, budget] of this.#budgets) {
      const buckets = [budget.sync, budget.gossip, budget.gossipBytes];
      for (const bucket of buckets) bucket.refill(elapsedMs);
      budget.expectedForMs -= elapsedMs;
      if (budget.expectedForMs <= 0) budget.expected = 0;
      const owesNothing = buckets.every(({ isFull }) => isFull);
      if (owesNothing && budget.expected === 0) this.#budgets.delete(peer);
    }
  }

  get size(): number {
    return this.#budgets.size;
  }
}

function newBudget(): Budget {
  return {
    expected: 0,
    expectedForMs: 0,
    sync: new TokenBucket({ ratePerS: SYNC_RATE_PER_S, burst: SYNC_BURST }),
    gossip: new TokenBucket({ ratePerS: GOSSIP_RATE_PER_S, burst: GOSSIP_BURST }),
    gossipBytes: new TokenBucket({ ratePerS: GOSSIP_BYTES_PER_S, burst: GOSSIP_BYTES_BURST }),
  };
}
