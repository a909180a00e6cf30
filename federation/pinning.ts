/** Which revocations the next manifest of a domain pins (PROTOCOL §5.5). */

import type { Digest } from '../core/digest.ts';
import { type UnixMs, unixMs } from '../core/time.ts';
import { type Belief, lacksRevocations, namedRevocations } from './belief.ts';
import { leadingOf } from './revocations.ts';

/**
 * The document that says most of what is held. Where what the manifest in force pins is not here,
 * as on a disk that was put back, it stays pinned until people revoked anew: without it the domain
 * would be FRESH again, and nobody would know what it no longer takes back.
 */
export function revocationsToPin(belief: Belief): Digest | null {
  const isKept = lacksRevocations(belief) && !hasRevokedSince(belief);
  return isKept ? namedRevocations(belief) : (leadingOf(belief.revocations)?.digest ?? null);
}

/** True where something held was revoked once the pinned document stood in a beacon. */
function hasRevokedSince(belief: Belief): boolean {
  const since = pinnedSince(belief);
  return [...belief.revocations.union.values()].some(({ at }) => at >= since);
}

/** The date of the first beacon known to stand by that pin: one that was missed is of before. */
function pinnedSince({ manifest, history, beacon }: Belief): UnixMs {
  const pin = manifest?.manifest.pins.get('revocations');
  const first = history.find(({ epoch }) => pin !== undefined && epoch >= pin.version);
  return first?.asOf ?? beacon?.beacon.issuedAt ?? unixMs(0);
}
