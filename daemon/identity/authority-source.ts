/** Identities of a node that holds its domain's authorities: made on the spot, in this process. */

import { Refusal } from '../../core/refusal.ts';
import { trustDomainOf } from '../../core/spiffe-id.ts';
import type { Random } from '../ports.ts';
import type { Entry } from './entry.ts';
import type { IdentitySource } from './identity-source.ts';
import { issueJwtSvid } from './jwt-svid.ts';
import type { Signers } from './signers.ts';
import type { X509Authority } from './x509-authority.ts';
import { issueX509Svid } from './x509-svid.ts';

/** What `isRenewal` asks; an authority remembers what it signed. */
export type HoldsLive = IdentitySource['isRenewal'];

/** The source over the authorities that sign at each moment. */
export function authoritySource(
  signers: Signers,
  random: Random,
  isRenewal: HoldsLive = () => false,
): IdentitySource {
  return {
    endOf: (entry) => {
      const authority = x509For(entry, signers);
      return authority instanceof Refusal ? authority : authority.certificate.notAfter;
    },
    svid: (entry, order) => {
      const authority = x509For(entry, signers);
      return authority instanceof Refusal ? authority : issueX509Svid(authority, order, random);
    },
    token: ({ keyType }, order) => {
      const authority = signers.jwt(keyType);
      return authority instanceof Refusal ? authority : issueJwtSvid(authority, order);
    },
    isTainted: (id) => signers.isTainted(id),
    isRenewal,
  };
}

/** An authority signs for its own domain: what is of a cell, the nodes of that cell sign. */
function x509For({ id, spiffeId, keyType }: Entry, signers: Signers): X509Authority | Refusal {
  const authority = signers.x509(keyType);
  if (authority instanceof Refusal || trustDomainOf(spiffeId) === authority.domain)
    return authority;
  return new Refusal('issuing-scope', { entry: id, covers: authority.domain });
}
