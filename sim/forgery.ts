/**
 * Forgeries: what a thief can make with a stolen key, and what anybody can make without one.
 */

import type { Digest } from '../core/digest.ts';
import type { Signer } from '../core/suite.ts';
import { decodeEnvelope, signEnvelope } from '../federation/envelope.ts';
import type { Dice } from './dice.ts';

/** An envelope with one byte changed, after its first: no key has signed that. */
export function damagedEnvelope(dice: Dice, envelope: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(envelope);
  const at = 4 + dice.below(bytes.length - 4);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
  return bytes;
}

/** The digest that names a beacon in its ticks. */
export function digestOfEnvelope(envelope: Uint8Array): Digest {
  return decodeEnvelope(envelope).digest;
}

/** Another beacon under the same number, by the very key that signed the first. */
export function rivalBeacon(beacon: Uint8Array, key: Signer, leadMs: number): Uint8Array {
  const body = decodeEnvelope(beacon).members;
  const issuedAt = String(body.time('issuedAt') + leadMs);
  return signEnvelope('beacon', { ...body.json(), issuedAt, previous: null }, [key]);
}

/** A beacon of the next number, dated so far ahead of the one held. */
export function laterBeacon(beacon: Uint8Array, key: Signer, leadMs: number): Uint8Array {
  const held = decodeEnvelope(beacon);
  const epoch = String(held.members.u64('epoch') + 1n);
  const issuedAt = String(held.members.time('issuedAt') + leadMs);
  const body = { ...held.members.json(), epoch, issuedAt, previous: held.digest };
  return signEnvelope('beacon', body, [key]);
}
