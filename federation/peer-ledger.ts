/**
 * What each peer has cost us: token buckets for what it may send, strikes for what was provably
 * wrong (PROTOCOL §6.2). What is only late costs nothing.
 */

import {
  ANSWER_BURST,
  ANSWER_RATE_PER_S,
  BAN_MS,
  GOSSIP_BURST,
  GOSSIP_RATE_PER_S,
  STRIKES_MAX,
  SYNC_BURST,
  SYNC_RATE_PER_S,
  TICK_STEPS_PER_MIN,
  WANTS_OPEN_MAX,
} from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { type BootMs, MINUTE_MS, SECOND_MS } from '../core/time.ts';
import type { StepBudget } from './admit-tick.ts';
import { Bucket, type Rate } from './budget.ts';

interface Account {
  readonly gossip: Bucket;
  readonly sync: Bucket;
  readonly question: Bucket;
  readonly steps: Bucket;
  /** Frames that it was asked for and has not sent. */
  expected: number;
  /** What may be provably wrong before the peer loses its place; forgiven with time. */
  readonly patience: Bucket;
  /** It lost its place; what it had sent by then is still being read. */
  isBanned: boolean;
}

/** What every account is opened with. */
const GOSSIP: Rate = { perSecond: GOSSIP_RATE_PER_S, burst: GOSSIP_BURST };
const SYNC: Rate = { perSecond: SYNC_RATE_PER_S, burst: SYNC_BURST };
const QUESTION: Rate = { perSecond: ANSWER_RATE_PER_S, burst: ANSWER_BURST };
const STEPS: Rate = {
  perSecond: (TICK_STEPS_PER_MIN * SECOND_MS) / MINUTE_MS,
  burst: TICK_STEPS_PER_MIN,
};
const PATIENCE: Rate = { perSecond: SECOND_MS / BAN_MS, burst: STRIKES_MAX - 1 };

/** Peers beyond this are forgotten oldest first; a forgotten peer starts with full buckets. */
const ACCOUNTS_MAX = 1_024;

/** The accounts of all peers, by peer id; none is kept across a start. */
export class PeerLedger {
  readonly #accounts = new Map<string, Account>();

  /** So many frames of the peer are free: we asked for them. */
  expect(peer: string, frames: number, now: BootMs): void {
    const account = this.#account(peer, now);
    account.expected = Math.min(WANTS_OPEN_MAX, account.expected + frames);
  }

  /** Charges one message, unless it was asked for. Refuses `peer-budget`. */
  charge(peer: string, kind: 'gossip' | 'sync' | 'question', now: BootMs): void {
    const account = this.#account(peer, now);
    if (kind === 'sync' && account.expected > 0) {
      account.expected -= 1;
      return;
    }
    if (!account[kind].spend(1, now)) throw new Refusal('peer-budget', { kind });
  }

  /** The hashing this peer may cause. Refuses `tick-budget`. */
  steps(peer: string, now: BootMs): StepBudget {
    const { steps } = this.#account(peer, now);
    return {
      spend(count) {
        if (!steps.spend(count, now)) throw new Refusal('tick-budget', { steps: count });
      },
    };
  }

  /** The peer has a new link, which it may lose again. */
  arrived(peer: string): void {
    const account = this.#accounts.get(peer);
    if (account !== undefined) account.isBanned = false;
  }

  /** Notes a refusal; true when the peer has lost its place by it: once for each link. */
  strike(peer: string, refusal: Refusal, now: BootMs): boolean {
    if (refusal.judgement !== 'reject') return false;
    const account = this.#account(peer, now);
    if (account.patience.spend(1, now)) return false;
    const isNews = !account.isBanned;
    account.isBanned = true;
    return isNews;
  }

  #account(peer: string, now: BootMs): Account {
    const known = this.#accounts.get(peer);
    if (known !== undefined) return known;
    const account: Account = {
      gossip: new Bucket(GOSSIP, now),
      sync: new Bucket(SYNC, now),
      question: new Bucket(QUESTION, now),
      steps: new Bucket(STEPS, now),
      patience: new Bucket(PATIENCE, now),
      expected: 0,
      isBanned: false,
    };
    const oldest = this.#accounts.keys().next();
    if (this.#accounts.size >= ACCOUNTS_MAX && !oldest.done) this.#accounts.delete(oldest.value);
    this.#accounts.set(peer, account);
    return account;
  }
}
