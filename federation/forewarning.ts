/** What will lock somebody out of our own domain, unless its people sign another Root in time. */

import type { Digest } from '../core/digest.ts';
import type { UnixMs } from '../core/time.ts';
import { isDenied } from './admit-revocations.ts';
import { type Belief, newestRoot, rankInForce } from './belief.ts';
import { beaconKeyOf } from './root.ts';

/** What is to be seen to while all is still well. */
export interface Forewarnings {
  /** From then on nobody takes a beacon (PROTOCOL §2.5); null where no key is in force. */
  readonly beaconKeyUntil: UnixMs | null;
  /** Revocations held whose keys Root took away: who lacks them takes them no more (§5.5). */
  readonly denied: readonly Digest[];
}

/** What the newest Root of our own domain leaves to be done; nothing where none is here yet. */
export function forewarningsOf(own: Belief | null): Forewarnings {
  if (own === null) return { beaconKeyUntil: null, denied: [] };
  const root = newestRoot(own)?.root;
  const rank = rankInForce(own);
  const key = root === undefined || rank === null ? undefined : beaconKeyOf(root, rank);
  const denied = own.revocations.documents.filter((document) => isDenied(own, document));
  return { beaconKeyUntil: key?.until ?? null, denied: denied.map(({ digest }) => digest) };
}
