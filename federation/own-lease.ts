/**
 * The lease of an authority's own node: it vouches for itself, by the documents key that Root names
 * (PROTOCOL §7.1), and so follows every change of that key.
 */

import { LEASE_FOR_MS } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { KeyId, Signer } from '../core/suite.ts';
import { addMs, type UnixMs } from '../core/time.ts';
import { clockOf } from './age.ts';
import type { Beliefs } from './beliefs.ts';
import { type LeaseTerms, signLease } from './lease.ts';
import type { Moment } from './moment.ts';
import { documentsKeyOf } from './voice.ts';

/** The group whose entries an authority serves itself. */
const OWN_GROUP = 'default';

interface Held {
  readonly bytes: Uint8Array;
  readonly signedBy: KeyId;
  readonly renewAt: UnixMs;
}

/** One lease, signed anew when it is due. */
export class OwnLease {
  readonly #beliefs: Beliefs;
  readonly #node: Signer;
  #held: Held | null = null;

  constructor(beliefs: Beliefs, node: Signer) {
    this.#beliefs = beliefs;
    this.#node = node;
  }

  /** The bytes of our lease, renewed at half its life. Refuses `not-enrolled`. */
  inForce(keys: readonly Signer[], now: Moment): Uint8Array {
    const { own } = this.#beliefs;
    const clock = clockOf(own, now);
    const signer = documentsKeyOf(own, keys);
    if (signer === null) throw new Refusal('not-enrolled', { why: 'no Root names our keys yet' });
    const held = this.#held;
    if (held !== null && held.renewAt > clock && held.signedBy === signer.keyId) return held.bytes;
    const issuedAt = own.asOf ?? clock;
    const terms: LeaseTerms = {
      ...{ domain: own.domain, kind: 'slices', assurance: 'software', issuedAt },
      ...{ group: OWN_GROUP, isAuthority: true, chip: null, references: null },
      notAfter: addMs(issuedAt, LEASE_FOR_MS),
    };
    const bytes = signLease(signer, this.#node.publicPair, terms);
    const renewAt = addMs(issuedAt, LEASE_FOR_MS / 2);
    this.#held = { bytes, signedBy: signer.keyId, renewAt };
    return bytes;
  }
}
