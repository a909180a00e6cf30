/**
 * What a writer remembers of the numbers it gave away, whatever else its disk forgets: the highest
 * epoch it allocated, and the lineage that this counts in (PROTOCOL §2.5, §5.3).
 */

import { encodeCanonical, parseCanonical } from '../core/canonical.ts';
import { type Belief, newestRoot } from './belief.ts';
import { Members } from './members.ts';

/** The highest epoch ever allocated; 0 before any. */
export interface Allocated {
  readonly epoch: bigint;
  readonly lineage: bigint;
}

/** The allocation of `epoch` in the lineage in force. */
export function allocatedNow(belief: Belief, epoch: bigint): Allocated {
  return { epoch, lineage: newestRoot(belief)?.root.lineage ?? 0n };
}

/** The highest epoch allocated in the lineage in force: a new one resets it, as all marks. */
export function highestAllocated({ epoch, lineage }: Allocated, belief: Belief): bigint {
  return lineage === newestRoot(belief)?.root.lineage ? epoch : 0n;
}

/** The record of an allocation. */
export function encodeAllocated({ epoch, lineage }: Allocated): Uint8Array {
  return encodeCanonical({ allocated: String(epoch), lineage: String(lineage) });
}

/** Reads that record; without one nothing was allocated, and one that names no lineage is of 0. */
export function decodeAllocated(record: Uint8Array | undefined): Allocated {
  if (record === undefined) return { epoch: 0n, lineage: 0n };
  const members = new Members(parseCanonical(record), 'writer');
  const lineage = members.has('lineage') ? members.u64('lineage') : 0n;
  return { epoch: members.u64('allocated'), lineage };
}
