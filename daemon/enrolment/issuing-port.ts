/**
 * What a member issues identities with, as seen by enrolment: bytes that travel with a request and
 * with a grant, opaque here, and who signs by them afterwards (PROTOCOL §7.2).
 *
 * Enrolment carries, signs and stores these bytes; what they say depends on the kind of the lease.
 * An empty grant gives nothing: such a member holds its domain's statements and issues nothing.
 */

import { Refusal } from '../../core/refusal.ts';
import type { Lease } from '../../federation/lease.ts';
import type { IdentitySource } from '../identity/identity-source.ts';

/** What of a lease decides about identities. */
export type IssuingTerms = Pick<
  Lease,
  'domain' | 'node' | 'kind' | 'group' | 'assurance' | 'notAfter'
>;

/** The authority's side. */
export interface IssuingDesk {
  /** What the holder of a lease on these terms may issue with, by what it asked for. */
  issue(terms: IssuingTerms, request: Uint8Array): Promise<Uint8Array>;
}

/** The member's side: what its directory of identities asks. */
export interface MemberIssuing extends IdentitySource {
  /** What to ask for beside the lease: public keys, mostly. */
  request(): Promise<Uint8Array>;
  /** Takes what was granted, durably, in place of all that was granted before. */
  install(terms: IssuingTerms, granted: Uint8Array): Promise<void>;
}

/** Gives nothing to anybody. */
export const emptyDesk: IssuingDesk = {
  issue: async () => new Uint8Array(0),
};

/** Asks for nothing, and signs nothing. */
export const emptyIssuing: MemberIssuing = {
  request: async () => new Uint8Array(0),
  async install(_terms, granted) {
    if (granted.length > 0) throw new Refusal('trailing-bytes', { got: granted.length });
  },
  endOf: () => new Refusal('issuing-none'),
  svid: () => new Refusal('issuing-none'),
  token: () => new Refusal('issuing-none'),
  isTainted: () => false,
  isRenewal: () => false,
};
