/**
 * How much of our store foreign domains may fill (PROTOCOL §5.7). A partner signs as many Roots
 * and documents as it likes; what it takes back is bounded for itself (§5.5), and never refused
 * for want of room here. Many partners together leave no more than a little to each.
 */

import {
  FOREIGN_STORE_BYTES_MAX,
  FOREIGN_STORE_BYTES_MIN,
  FOREIGN_STORES_BYTES_MAX,
} from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { Belief } from './belief.ts';

/** Bytes of all that is positive and stored of a domain: Roots, manifest, documents, beacons. */
export function storedBytes({ roots, beacon, past, manifest, documents }: Belief): number {
  const held = [...roots, ...past, ...documents.values(), beacon, manifest];
  return held.reduce((sum, one) => sum + (one?.bytes.length ?? 0), 0);
}

/**
 * Refuses `store-share` for a step by which a foreign domain would hold more than its share, or,
 * beyond the little that each has for sure, all with `others` more than theirs.
 */
export function checkShare(before: Belief, after: Belief, others: () => Iterable<Belief>): void {
  const got = storedBytes(after);
  if (got <= FOREIGN_STORE_BYTES_MIN || got <= storedBytes(before)) return;
  const { domain } = after;
  const refuse = (limit: number): never => {
    throw new Refusal('store-share', { domain, limit, got });
  };
  if (got > FOREIGN_STORE_BYTES_MAX) refuse(FOREIGN_STORE_BYTES_MAX);
  let allBytes = got;
  for (const other of others()) allBytes += storedBytes(other);
  if (allBytes > FOREIGN_STORES_BYTES_MAX) refuse(FOREIGN_STORES_BYTES_MAX);
}
