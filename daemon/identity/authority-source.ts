/** Identities of a node that holds its domain's authorities: made on the spot, in this process. */

import { Refusal } from '../../core/refusal.ts';
import type { Random } from '../ports.ts';
import type { IdentitySource } from './identity-source.ts';
import { issueJwtSvid } from './jwt-svid.ts';
import type { Signers } from './signers.ts';
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
    endOf: ({ keyType }) => {
      const authority = signers.x509(keyType);
      return authority instanceof Refusal ? authority : authority.certificate.notAfter;
    },
    svid: ({ keyType }, order) => {
      const authority = signers.x509(keyType);
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
