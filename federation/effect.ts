/**
 * What the state machine asks of the world, in the order it must happen.
 *
 * The order is meaning: a `persist` is durable before anything else of its step, so nothing leaves
 * this machine that its own disk does not know (PROTOCOL §5.1), and an `audit` is written before
 * the `reply` that acknowledges the act.
 */

import type { AlarmCode } from '../core/alarm.ts';
import type { Refusal, RefusalDetails } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';

/** A record to store, or to remove where `value` is null. */
export interface RecordWrite {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** What random bytes are for: a beacon's secrets, the nonce of a question (§4.4) or turn (§2.5). */
export type DrawPurpose = 'beacon' | 'question' | 'turn';

/** One thing the world is asked to do; effects are performed in their order. */
export type Effect =
  /** Write the batch whole and synced, with all others of the step, before anything else. */
  | { readonly kind: 'persist'; readonly writes: readonly RecordWrite[] }
  /** Bring `count` fresh random bytes as the input `drawn`. */
  | { readonly kind: 'draw'; readonly purpose: DrawPurpose; readonly count: number }
  /** Send one sync frame to a peer that is up; it may be lost. */
  | {
      readonly kind: 'send';
      readonly peer: string;
      readonly frame: Uint8Array;
      /** A negative statement: on a slow link it goes before all that waits. */
      readonly isUrgent: boolean;
      /** Frames that it asks for: so many of the peer's cost it nothing. */
      readonly asks: number;
    }
  /** Gossip to everybody; it may be lost. */
  | { readonly kind: 'gossip'; readonly message: Uint8Array }
  /** Write an entry to the audit log before going on. */
  | { readonly kind: 'audit'; readonly event: string; readonly fields: RefusalDetails }
  /** Record durably, show to people. */
  | {
      readonly kind: 'alarm';
      readonly code: AlarmCode;
      readonly domain: TrustDomain;
      readonly details: RefusalDetails;
    }
  /** Somebody's input was refused: count it, and audit it in aggregate. */
  | { readonly kind: 'refused'; readonly peer: string | null; readonly refusal: Refusal }
  /** Answer the local request of that number. */
  | { readonly kind: 'reply'; readonly request: number; readonly answer: Answer | Refusal }
  /** What is believed about a domain changed: look at the view again, once a step. */
  | { readonly kind: 'changed'; readonly domain: TrustDomain }
  /** A peer proved to be wrong too often: close its links. */
  | { readonly kind: 'ban'; readonly peer: string; readonly refusal: Refusal };

/** How a local request ended. */
export interface Answer {
  /** Epoch of the beacon that carries the change, where there is one. */
  readonly epoch: bigint | null;
  /** What became of each document of an imported file, in file order. */
  readonly imported: readonly ImportOutcome[];
}

/** What became of one document of an imported file. */
export interface ImportOutcome {
  readonly type: string;
  readonly outcome: 'admitted' | Refusal;
}
