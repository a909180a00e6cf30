/**
 * A newcomer: the domain of which a person brings a file, to relate to it (PROTOCOL §2.4).
 *
 * All of the file is verified before anything is said about him: whoever relates to a damaged or
 * forged file has related to nothing. Who is a partner already is no newcomer; a former partner
 * comes back with the first Root he had, and what is stored of him keeps its marks.
 */

import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { admitAll, admitNews } from './admit.ts';
import { newBelief } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import { decodeFileItems } from './bundle-file.ts';

/**
 * Verifies the file of a domain to relate to; `isAwaited` says who is about to be a partner.
 * Refuses `root-unknown`, `relation-self`, `relation-exists`, `root-conflict` and what `admitAll`
 * refuses.
 */
export function verifyNewcomer(
  context: AdmitContext,
  beliefs: Beliefs,
  file: Uint8Array,
  isAwaited: (domain: TrustDomain) => boolean,
): Admission {
  const items = decodeFileItems(file);
  const first = items[0];
  if (first?.kind !== 'envelope' || first.envelope.type !== 'root') {
    throw new Refusal('root-unknown', { why: 'the file does not begin with a first Root' });
  }
  const { domain, digest } = first.envelope;
  if (domain === beliefs.ownDomain) throw new Refusal('relation-self', { domain });
  if (isAwaited(domain) || beliefs.relationTo(domain) !== null) {
    throw new Refusal('relation-exists', { domain });
  }
  const known = beliefs.stored(domain);
  if (known === null) return admitAll(context, newBelief(domain, digest), items);
  if (known.firstRoot !== digest) {
    throw new Refusal('root-conflict', { expected: known.firstRoot, got: digest });
  }
  return admitNews(context, known, items);
}
