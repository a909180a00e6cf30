/**
 * Cells: trust domains below a domain, each of one group of nodes (PROTOCOL §7.2).
 *
 * The cell of group `cell7` in `blue.example` is `cell7.blue.example`. Its roots, and what is
 * revoked of it, are the domain's own; what its nodes sign is confined to it by name constraints.
 * SPIFFE knows no such kinship, so nobody infers it: it holds where the Root of the domain allows
 * cells, and only for a name that is no domain of its own to whoever asks.
 */

import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';

const LABEL = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The trust domain of a group's cell. Refuses `trust-domain-invalid` for one too long. */
export function cellOf(group: string, domain: TrustDomain): TrustDomain {
  return parseTrustDomain(`${group}.${domain}`);
}

/** True for the name of a cell of `domain`. */
export function isCellOf(name: TrustDomain, domain: TrustDomain): boolean {
  const label = name.slice(0, -(domain.length + 1));
  return name === `${label}.${domain}` && LABEL.test(label);
}

/** Which domain vouches for `name`: itself where it is known, or the one whose cell it is. */
export function vouchingFor(
  name: TrustDomain,
  known: { readonly has: (name: TrustDomain) => boolean },
  cellsOf: Iterable<TrustDomain>,
): TrustDomain {
  if (known.has(name)) return name;
  for (const domain of cellsOf) if (isCellOf(name, domain)) return domain;
  return name;
}
