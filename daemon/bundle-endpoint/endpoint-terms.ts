/**
 * What an operator says of a bundle endpoint: the triple of trust domain, URL and profile, none of
 * which may be inferred from another (SPIFFE Federation §5.1).
 */

import type { Brand } from '../../core/brand.ts';
import { ENDPOINT_URL_CHARS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { SpiffeId, TrustDomain } from '../../core/spiffe-id.ts';

/** A checked URL: https, no userinfo, no fragment. */
export type EndpointUrl = Brand<string, 'EndpointUrl'>;

/** How an endpoint proves that it is the one (SPIFFE Federation §5.2). */
export type EndpointProfile =
  /** By a certificate of the Web PKI for the host of the URL. */
  | { readonly kind: 'https_web' }
  /** By an X509-SVID of exactly this ID. */
  | { readonly kind: 'https_spiffe'; readonly endpointId: SpiffeId };

/** Where the bundle of which domain is found, and who answers there. */
export interface EndpointTerms {
  readonly domain: TrustDomain;
  readonly url: EndpointUrl;
  readonly profile: EndpointProfile;
}

const PRINTABLE = /^[\x21-\x7e]+$/;
const AUTHORITY = /^https:\/\/[^/?#\\@]+(?:[/?]|$)/;

/** Reads the URL of an endpoint (SPIFFE Federation §5.2.1). Refuses `endpoint-url`. */
export function parseEndpointUrl(text: string): EndpointUrl {
  const url =
    text.length <= ENDPOINT_URL_CHARS_MAX && PRINTABLE.test(text) && AUTHORITY.test(text)
      ? URL.parse(text)
      : null;
  if (url === null || url.hash !== '') {
    throw new Refusal('endpoint-url', { got: text.slice(0, 128) });
  }
  return url.href as EndpointUrl;
}

/** The URL that a redirect leads to, seen from `from`. Refuses `endpoint-redirect`. */
export function redirectTarget(location: string | undefined, from: EndpointUrl): EndpointUrl {
  const got = (location ?? 'nowhere').slice(0, 128);
  const url = location === undefined ? null : URL.parse(location, from);
  try {
    return parseEndpointUrl(url?.href ?? '');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal('endpoint-redirect', { got });
  }
}
