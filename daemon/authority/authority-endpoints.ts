/**
 * What an authority shows to other machines by TLS, under SVIDs of its own: its bundle, and the way
 * to its commands. Neither is open unless configured.
 */

import { Refusal } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import {
  CONTROL_ID_PATH,
  type SvidSourceOptions,
  svidSource,
} from '../bundle-endpoint/endpoint-credentials.ts';
import type { HttpsEndpoint } from '../bundle-endpoint/https-endpoint.ts';
import { openOwnEndpoint } from '../bundle-endpoint/own-endpoint.ts';
import type { KnownBy } from '../bundle-endpoint/partners.ts';
import { openNetworkDoor } from '../control/network-door.ts';
import type { ControlServer } from '../control/server.ts';
import type { Engine, Ground } from '../ground.ts';
import type { TrustView } from '../identity/directory.ts';
import { NOTHING_REVOKED } from '../identity/revoked.ts';
import { verifyX509Svid } from '../identity/x509-verify.ts';
import type { AuthorityBook } from './authority-book.ts';

/** A daemon that signs. */
interface Signing extends Ground, Engine {
  readonly authorities: AuthorityBook;
}

/** Opens our own bundle endpoint, which shows `bundle`; null where none is configured. */
export async function openEndpoint(
  { config, host, clock, authorities }: Signing,
  { trustView, bundle }: { readonly trustView: () => TrustView; readonly bundle: () => string },
  opening: AsyncDisposableStack,
): Promise<HttpsEndpoint | null> {
  const { random, log } = host;
  const endpoint = await openOwnEndpoint({
    ...{ config, clock, random, log },
    permission: permissionOf(authorities, trustView),
    bundle,
  });
  opening.defer(async () => endpoint?.close());
  return endpoint;
}

/** Opens the way to the commands over a network; null where none is configured. */
export async function openDoor(
  { config, host, clock, authorities, refusals, roles }: Signing,
  control: ControlServer,
  trustView: () => TrustView,
  opening: AsyncDisposableStack,
): Promise<HttpsEndpoint | null> {
  const { controlListen, trustDomain: domain } = config;
  if (controlListen === null) return null;
  const { random, log } = host;
  const permission = permissionOf(authorities, trustView);
  const door = await openNetworkDoor({
    ...{ ...controlListen, control, roles, clock, log },
    credentials: svidSource({ domain, path: CONTROL_ID_PATH, clock, random, permission }),
    verify: (chain) => {
      const { roots, revoked } = knownBy(trustView(), domain);
      const { wall } = clock.now();
      return verifyX509Svid(chain, new Map([[domain, roots]]), wall, new Map([[domain, revoked]]));
    },
    onRefused: (from, refusal) => void refusals.note(from, refusal),
  });
  opening.defer(() => door.close());
  return door;
}

/** What signs SVIDs of the daemon's own, and until when it may. */
function permissionOf(
  authorities: AuthorityBook,
  trustView: () => TrustView,
): SvidSourceOptions['permission'] {
  return () => {
    const { renewUntil: until } = trustView();
    const authority = authorities.x509('ec-p256');
    if (until instanceof Refusal) throw until;
    if (authority instanceof Refusal) throw authority;
    return { authority, until };
  };
}

/** Who may vouch for the endpoint of another domain: ourselves, and whom we trust now. */
export function knownBy(view: TrustView, domain: TrustDomain): KnownBy {
  const isOwnDomain = domain === view.domain;
  const authorities = isOwnDomain ? view.ownAuthorities : view.foreignAuthorities.get(domain);
  const revoked = isOwnDomain ? view.ownRevoked : view.foreignRevoked.get(domain);
  return {
    roots: authorities?.x509Authorities ?? [],
    revoked: revoked ?? NOTHING_REVOKED,
    relation: view.relations.get(domain) ?? null,
  };
}
