/**
 * How two who heard different stories of one key find it out (PROTOCOL §5.2).
 *
 * A beacon names the one before it. Whoever holds another beacon there, or none, asks for that one,
 * and so on down to the numbers it heard itself: there it is the same, or it is the other half of a
 * proof (`admit-beacon.ts`). Nothing of what comes is believed but a proof.
 */

import type { Digest } from '../core/digest.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import { comparePlaces, readBeacon } from './beacon.ts';
import type { Belief } from './belief.ts';
import type { UnverifiedEnvelope } from './envelope.ts';

/**
 * The beacon that `envelope` names as the one before it, where that may show what we were not told;
 * null where it is one that we know, or below all that we could hold against it.
 */
export function missedBefore(belief: Belief, envelope: UnverifiedEnvelope): Digest | null {
  const { beacon: held, past } = belief;
  const kept = held === null ? past : [...past, held.beacon];
  const [lowest] = kept;
  const beacon = refusalOf(() => readBeacon(envelope));
  if (lowest === undefined || beacon instanceof Refusal || beacon.previous === null) return null;
  const { previous } = beacon;
  const isKnown = [beacon.digest, previous].some((digest) =>
    kept.some((one) => one.digest === digest),
  );
  return isKnown || comparePlaces(beacon, lowest) <= 0 ? null : previous;
}
