/**
 * The leaseholder: a node without authority keys, and the lease that makes it a node of its domain
 * (PROTOCOL §7.1).
 *
 * It holds nothing of its domain until a grant came. What it shows to peers, and what it may do,
 * ends with its lease; what it holds stays, and a new lease takes it up again.
 */

import { Refusal, refusalOf } from '../core/refusal.ts';
import type { Signer, Suite } from '../core/suite.ts';
import type { Instant, UnixMs } from '../core/time.ts';
import { clockOf } from './age.ts';
import type { Belief } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import type { RecordWrite } from './effect.ts';
import { decodeEnvelope } from './envelope.ts';
import {
  checkLease,
  type GroupScope,
  type Lease,
  readLease,
  scopeOf,
  verifyLease,
} from './lease.ts';
import { GUEST_PROOF, makeProof, type ProverRole } from './peer-proof.ts';
import { encodeRecipient } from './recipient.ts';
import { recordKey } from './record-key.ts';
import { signAnswer, type TimeStatement } from './time-answer.ts';

/** What a leaseholder is made from. */
export interface LeaseholderOptions {
  readonly suite: Suite;
  readonly node: Signer;
  readonly beliefs: Beliefs;
  readonly records: ReadonlyMap<string, Uint8Array>;
}

/** A verified lease, and the record that stores it. */
export interface VerifiedLease {
  readonly lease: Lease;
  readonly bytes: Uint8Array;
  readonly write: RecordWrite;
}

/** The lease of one node, held until a newer one takes its place. */
export class Leaseholder {
  readonly #suite: Suite;
  readonly #node: Signer;
  readonly #beliefs: Beliefs;
  #held: { readonly lease: Lease; readonly bytes: Uint8Array } | null = null;
  #scope: GroupScope = 'none';

  constructor({ suite, node, beliefs, records }: LeaseholderOptions) {
    this.#suite = suite;
    this.#node = node;
    this.#beliefs = beliefs;
    const bytes = records.get(recordKey(beliefs.ownDomain, 'lease'));
    if (bytes !== undefined) this.hold({ lease: readLease(decodeEnvelope(bytes)), bytes });
  }

  /** The lease held, in force or not; null before any. */
  get lease(): Lease | null {
    return this.#held?.lease ?? null;
  }

  /** What this node reads of its own domain; the same value until another lease is held. */
  get scope(): GroupScope {
    return this.#scope;
  }

  /** The lease in force. Refuses `not-enrolled`, and as `checkLease` does. */
  inForce(now: Instant): Lease {
    return this.#inForce(now).lease;
  }

  /**
   * Our proof for one handshake; before any grant, a guest's (PROTOCOL §6.3). A lease that ended
   * here is shown all the same: whether it counts is for the peer's clock to say.
   */
  prove(role: ProverRole, handshakeHash: Uint8Array): Uint8Array {
    if (this.#held === null) return GUEST_PROOF;
    return makeProof(this.#node, this.#held.bytes, role, handshakeHash);
  }

  /**
   * Answers what time it is, under the lease in force; null where there is none, which is no fault
   * of whoever asks.
   */
  answer(now: Instant, statement: TimeStatement): Uint8Array | null {
    const held = refusalOf(() => this.#inForce(now));
    if (held instanceof Refusal) return null;
    const voice = { signer: this.#node, lease: held.bytes };
    return signAnswer(this.#beliefs.ownDomain, statement, voice);
  }

  /** The file that makes us known as a recipient (PROTOCOL §6.8). Refuses as `inForce` does. */
  recipient(now: Instant, key: Uint8Array): string {
    return encodeRecipient(this.#node, this.#inForce(now).bytes, key);
  }

  /**
   * Verifies a lease that was granted, by what is believed of our domain with it. Refuses as
   * `verifyLease` does, `domain-mismatch`, `lease-key` for the lease of another node, and
   * `lease-older` for one that was issued before the one held.
   */
  verify(bytes: Uint8Array, belief: Belief, now: Instant): VerifiedLease {
    const envelope = decodeEnvelope(bytes);
    if (envelope.domain !== belief.domain) {
      throw new Refusal('domain-mismatch', { expected: belief.domain, got: envelope.domain });
    }
    const lease = verifyLease(this.#suite, envelope, belief, clockOf(belief, now));
    const { keyId } = this.#node;
    if (lease.node !== keyId) throw new Refusal('lease-key', { expected: keyId, got: lease.node });
    const held = this.lease?.issuedAt ?? (0 as UnixMs);
    if (lease.issuedAt < held) throw new Refusal('lease-older', { held, got: lease.issuedAt });
    const key = recordKey(belief.domain, 'lease');
    return { lease, bytes, write: { key, value: bytes } };
  }

  /** Holds a lease that was verified. */
  hold({ lease, bytes }: Omit<VerifiedLease, 'write'>): void {
    this.#held = { lease, bytes };
    this.#scope = scopeOf(lease);
  }

  #inForce(now: Instant): { readonly lease: Lease; readonly bytes: Uint8Array } {
    const held = this.#held;
    if (held === null) throw new Refusal('not-enrolled', { domain: this.#beliefs.ownDomain });
    const belief = this.#beliefs.own;
    checkLease(held.lease, belief, clockOf(belief, now));
    return held;
  }
}
