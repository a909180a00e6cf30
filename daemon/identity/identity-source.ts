/**
 * Where the identities of this node come from: the port between the directory, which knows who may
 * have what until when, and whatever makes it.
 *
 * An authority signs on the spot. A node without its own authority signs with an intermediate whose
 * key may lie in a chip, serves what was signed in advance, or asks an authority: so an answer may
 * be a promise, and the directory goes on serving what it has meanwhile.
 */

import type { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import type { Entry } from './entry.ts';
import type { JwtOrder } from './jwt-svid.ts';
import type { SvidOrder, X509Svid } from './x509-svid.ts';

/** Made at once, or later, or why not. */
export type Made<T> = T | Refusal | Promise<T | Refusal>;

/** What makes X509-SVIDs and tokens for the entries of this node. */
export interface IdentitySource {
  /** The latest end of an X509-SVID that is made now; or why none can be made. */
  endOf(entry: Entry, now: UnixMs): UnixMs | Refusal;
  /** An X509-SVID with a key of its own. */
  svid(entry: Entry, order: SvidOrder): Made<X509Svid>;
  /** A token, which no node can have in advance. */
  token(entry: Entry, order: JwtOrder): Made<string>;
  /** True if what this authority signed is to be replaced now. */
  isTainted(authorityId: string): boolean;
  /** True if the entry had an X509-SVID here that has not ended: another one renews it. */
  isRenewal(entry: Entry, now: UnixMs): boolean;
}
