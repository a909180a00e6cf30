/**
 * SPIFFE IDs and trust domain names, exactly as the standard writes them (SPIFFE-ID §2).
 *
 * Nothing is normalised: an upper-case host or an escaped character is refused, because two
 * spellings of one identity are how one workload becomes another (Cure53 SPI-01-003). IPv4
 * literals and names that DNS would not take are ordinary trust domains.
 */

import type { Brand } from './brand.ts';
import { SPIFFE_ID_BYTES_MAX, TRUST_DOMAIN_BYTES_MAX } from './limits.ts';
import { Refusal } from './refusal.ts';

/** A checked trust domain name, such as `home.example`. */
export type TrustDomain = Brand<string, 'TrustDomain'>;

/** A checked SPIFFE ID, such as `spiffe://home.example/web`. */
export type SpiffeId = Brand<string, 'SpiffeId'>;

const SCHEME = 'spiffe://';
const NAME = /^[a-z0-9._-]+$/;
const SEGMENT = /^[a-zA-Z0-9._-]+$/;

/** Reads a trust domain name (SPIFFE-ID §2.1). Refuses `trust-domain-invalid`. */
export function parseTrustDomain(text: string): TrustDomain {
  // The character class is ASCII, so a string of n allowed characters is n bytes.
  if (text.length > TRUST_DOMAIN_BYTES_MAX || !NAME.test(text)) {
    throw new Refusal('trust-domain-invalid', { got: text.slice(0, 64) });
  }
  return text as TrustDomain;
}

/** Reads a SPIFFE ID, with or without a path (SPIFFE-ID §2.2). Refuses `spiffe-id-invalid`. */
export function parseSpiffeId(text: string): SpiffeId {
  const refuse = (why: string): never => {
    throw new Refusal('spiffe-id-invalid', { why, got: text.slice(0, 128) });
  };
  if (text.length > SPIFFE_ID_BYTES_MAX) refuse('longer than the standard asks readers to take');
  if (text.slice(0, SCHEME.length) !== SCHEME) refuse('the scheme is not spiffe');
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const name = slash < 0 ? rest : rest.slice(0, slash);
  if (name.length > TRUST_DOMAIN_BYTES_MAX || !NAME.test(name)) refuse('no trust domain name');
  if (slash >= 0) checkPath(rest.slice(slash + 1), refuse);
  return text as SpiffeId;
}

/**
 * The SPIFFE ID of `path` (`/web/db`, or empty for the domain itself) in `domain`. Refuses
 * `spiffe-id-invalid`; a path without its slash too, for it would prolong the domain's name.
 */
export function spiffeId(domain: TrustDomain, path: string): SpiffeId {
  if (path !== '' && path[0] !== '/') {
    throw new Refusal('spiffe-id-invalid', {
      why: 'no slash before the path',
      got: path.slice(0, 128),
    });
  }
  return parseSpiffeId(`${SCHEME}${domain}${path}`);
}

/** The trust domain a SPIFFE ID belongs to. */
export function trustDomainOf(id: SpiffeId): TrustDomain {
  const rest = id.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  return (slash < 0 ? rest : rest.slice(0, slash)) as TrustDomain;
}

/** The path of a SPIFFE ID with its leading slash; empty for the ID of the domain itself. */
export function pathOf(id: SpiffeId): string {
  const rest = id.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? '' : rest.slice(slash);
}

function checkPath(path: string, refuse: (why: string) => never): void {
  for (const segment of path.split('/')) {
    if (segment === '') refuse('an empty path segment');
    if (segment === '.' || segment === '..') refuse('a dot segment');
    if (!SEGMENT.test(segment)) refuse('a character outside a-z, A-Z, 0-9, dot, dash, underscore');
  }
}
