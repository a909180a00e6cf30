/**
 * The addresses this network understands: a host, a TCP port, and perhaps who lives there.
 *
 *     /ip4/192.0.2.7/tcp/9000
 *     /dns4/hub.blue.example/tcp/9000/p2p/12D3KooW…
 */

import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { Refusal } from '../../core/refusal.ts';

const HOSTS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);

/** Characters of an address: a DNS name and a peer id fit many times over. */
export const ADDRESS_CHARS_MAX = 512;

/** Reads a multiaddress of the forms above. Refuses `config-value`. */
export function parseAddress(address: string): Multiaddr {
  const refuse = (): never => {
    throw new Refusal('config-value', { address: address.slice(0, ADDRESS_CHARS_MAX) });
  };
  if (address.length > ADDRESS_CHARS_MAX) return refuse();
  const parsed = attempt(address) ?? refuse();
  const [host, port, peer, ...rest] = parsed.getComponents().map(({ name }) => name);
  const known = HOSTS.has(host ?? '') && port === 'tcp' && (peer === undefined || peer === 'p2p');
  return known && rest.length === 0 ? parsed : refuse();
}

/** The peer id at the end of an address, if it has one. */
export function peerIn(address: Multiaddr): string | null {
  return address.getComponents().find(({ name }) => name === 'p2p')?.value ?? null;
}

function attempt(address: string): Multiaddr | null {
  try {
    return multiaddr(address);
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}
