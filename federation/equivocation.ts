/**
 * Equivocation: two beacons of one key under one number, which together revoke that key
 * (PROTOCOL §5.2). This file reads and makes proofs; what follows from one is `admit-proof.ts`.
 *
 *     u32 len(envelope) ‖ envelope ‖ envelope
 *
 * A proof stands by itself: it needs no trust in whoever shows it, never ages, and is taken from
 * anybody. One is kept and sent for a key; another one of the same key says nothing more.
 */

import { concat, Reader, Writer } from '../core/bytes.ts';
import { BEACON_BYTES_MAX, PROOF_BYTES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId } from '../core/suite.ts';
import { type Beacon, comparePlaces, readBeacon } from './beacon.ts';
import { decodeEnvelope, type UnverifiedEnvelope } from './envelope.ts';

/** A proof as read: its form is right, no signature of it was verified. */
export interface UnverifiedEquivocation {
  readonly domain: TrustDomain;
  /** The key that both bear. */
  readonly keyId: KeyId;
  /** One of the two; the other has the same place and another payload. */
  readonly beacon: Beacon;
  /** The Roots that the two say they were issued under. */
  readonly rootVersions: readonly [bigint, bigint];
  readonly envelopes: readonly [UnverifiedEnvelope, UnverifiedEnvelope];
  readonly bytes: Uint8Array;
}

/** The bytes of a proof from two envelopes. */
export function encodeEquivocation(one: Uint8Array, other: Uint8Array): Uint8Array {
  return concat(new Writer().u32(one.length).finish(), one, other);
}

/**
 * Reads a proof. Refuses `too-large`, framing and envelope codes, and `proof-malformed` for two
 * envelopes that prove nothing: not beacons of one domain, key and place, or the same payload.
 */
export function decodeEquivocation(bytes: Uint8Array): UnverifiedEquivocation {
  if (bytes.length > PROOF_BYTES_MAX) {
    throw new Refusal('too-large', { limit: PROOF_BYTES_MAX, got: bytes.length });
  }
  const reader = new Reader(bytes);
  const size = reader.u32();
  if (size > BEACON_BYTES_MAX) throw new Refusal('too-large', { limit: BEACON_BYTES_MAX });
  const one = decodeEnvelope(reader.take(size));
  const other = decodeEnvelope(reader.take(reader.remaining));
  if (one.type !== 'beacon' || other.type !== 'beacon') throw malformed('not two beacons');
  const keyId = onlySigner(one);
  if (one.domain !== other.domain) throw malformed('two domains');
  if (onlySigner(other) !== keyId) throw malformed('two keys');
  if (one.digest === other.digest) throw malformed('one payload');
  const [beacon, rival] = [readBeacon(one), readBeacon(other)];
  if (comparePlaces(beacon, rival) !== 0) throw malformed('two numbers');
  const rootVersions = [beacon.rootVersion, rival.rootVersion] as const;
  return { domain: one.domain, keyId, beacon, rootVersions, envelopes: [one, other], bytes };
}

function onlySigner({ slots }: UnverifiedEnvelope): KeyId {
  const [slot, ...more] = slots;
  if (slot === undefined || more.length > 0) throw malformed('not one signature each');
  return slot.keyId;
}

function malformed(why: string): Refusal {
  return new Refusal('proof-malformed', { why });
}
