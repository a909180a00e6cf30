/**
 * Forgeries: what a thief can make with a stolen key, and what anybody can make without one.
 */

import { encodeCanonical } from '../core/canonical.ts';
import type { Digest } from '../core/digest.ts';
import type { Signer } from '../core/suite.ts';
import { encodeEnvelope, signEnvelope } from '../federation/envelope.ts';
import type { Dice } from './dice.ts';
import { envelopeOf } from './reading.ts';

/**
 * The envelope of a beacon or manifest with one bit changed, after its magic, or with the next
 * number under the same signatures: no key has signed that. In the payload it is the bit that makes
 * text none, for what a digit of a digest becomes differs from suite to suite.
 */
export function damagedEnvelope(dice: Dice, envelope: Uint8Array): Uint8Array {
  const { type, slots, payload, members } = envelopeOf(envelope);
  if (dice.chance(300_000)) {
    const number = type === 'beacon' ? 'epoch' : 'version';
    const body = { ...members.json(), [number]: String(members.u64(number) + 1n) };
    return encodeEnvelope(type, slots, encodeCanonical(body));
  }
  const bytes = Uint8Array.from(envelope);
  const at = 4 + dice.below(bytes.length - 4);
  const bit = at < bytes.length - payload.length ? dice.below(8) : 7;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return bytes;
}

/** The digest that names a beacon in its ticks. */
export function digestOfEnvelope(envelope: Uint8Array): Digest {
  return envelopeOf(envelope).digest;
}

/** Another beacon under the same number, by the very key that signed the first. */
export function rivalBeacon(beacon: Uint8Array, key: Signer, leadMs: number): Uint8Array {
  const body = envelopeOf(beacon).members;
  const issuedAt = String(body.time('issuedAt') + leadMs);
  return signEnvelope('beacon', { ...body.json(), issuedAt, previous: null }, [key]);
}

/** A beacon of the next number, dated so far ahead of the one held. */
export function laterBeacon(beacon: Uint8Array, key: Signer, leadMs: number): Uint8Array {
  const held = envelopeOf(beacon);
  const epoch = String(held.members.u64('epoch') + 1n);
  const issuedAt = String(held.members.time('issuedAt') + leadMs);
  const body = { ...held.members.json(), epoch, issuedAt, previous: held.digest };
  return signEnvelope('beacon', body, [key]);
}
