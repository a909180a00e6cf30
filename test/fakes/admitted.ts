/** A peer as a handshake admits it, and the terms of a lease; only what matters is said. */

import { unixMs } from '../../core/time.ts';
import type { AdmittedPeer, LinkTerms } from '../../daemon/ports.ts';
import type { LeaseTerms } from '../../federation/lease.ts';

const FOR_EVER = unixMs(8_000_000_000_000);

/** An authority's node of `blue.example`, but for what is named. */
export function admittedPeer(named: Partial<AdmittedPeer> = {}): AdmittedPeer {
  const kept = { assurance: 'software', notAfter: FOR_EVER } as const;
  return { domain: 'blue.example', node: 'n', groups: 'every', ...kept, ...named };
}

/** What a handshake makes of it. */
export function admissionOf(named: Partial<AdmittedPeer> = {}): LinkTerms {
  const admitted = admittedPeer(named);
  return { admitted, claims: admitted.domain, bitsPerS: null };
}

/** A lease of an authority for itself, but for what is named. */
export function leaseTerms(
  named: Pick<LeaseTerms, 'domain' | 'issuedAt' | 'notAfter'> & Partial<LeaseTerms>,
): LeaseTerms {
  return {
    ...{ kind: 'slices', assurance: 'software', group: 'default', isAuthority: true },
    ...{ chip: null, references: null },
    ...named,
  };
}
