/**
 * How much of our store a foreign domain may fill (PROTOCOL §5.7). A partner signs as many Roots
 * and documents as it likes; what it takes back is bounded for itself (§5.5), and never refused
 * for want of room here.
 */

import { FOREIGN_STORE_BYTES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { Belief } from './belief.ts';

/** Bytes of all that is positive and stored of a domain: Roots, manifest, documents, beacons. */
export function storedBytes({ roots, beacon, past, manifest, documents }: Belief): number {
  const held = [...roots, ...past, ...documents.values(), beacon, manifest];
  return held.reduce((sum, one) => sum + (one?.bytes.length ?? 0), 0);
}

/** Refuses `store-share` for a step by which a foreign domain would hold more than its share. */
export function checkShare(before: Belief, after: Belief): void {
  const got = storedBytes(after);
  if (got <= FOREIGN_STORE_BYTES_MAX || got <= storedBytes(before)) return;
  const { domain } = after;
  throw new Refusal('store-share', { domain, limit: FOREIGN_STORE_BYTES_MAX, got });
}
