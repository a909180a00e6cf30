/**
 * Who signs at this moment: the port between what issues identities and what keeps authorities.
 */

import type { Refusal } from '../../core/refusal.ts';
import type { JwtSigner } from './jwt-authority.ts';
import type { KeyType } from './private-key.ts';
import type { X509Authority } from './x509-authority.ts';

/** The active authorities, by the kind of key; or why there is none. */
export interface Signers {
  x509(keyType: KeyType): X509Authority | Refusal;
  jwt(keyType: KeyType): JwtSigner | Refusal;
  /** True if all that this authority signed is to be replaced now. */
  isTainted(authorityId: string): boolean;
}
