/**
 * The addresses this network understands: a host, a TCP port, and perhaps who lives there.
 *
 *     /ip4/192.0.2.7/tcp/9000
 *     /dns4/hub.blue.example/tcp/9000/p2p/12D3KooW…
 */

import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { Refusal } from '../../core/refusal.ts';

const HOSTS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);

/** Groups of an IPv6 address, of which half name the network (RFC 4291 §2.5.4). */
const IPV6_GROUPS = 8;
const IPV4_MAPPED = '::ffff:';

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

/** The IP address in an address; empty where it holds a name. */
export function ipIn(address: Multiaddr): string {
  const [host] = address.getComponents();
  return host !== undefined && (host.name === 'ip4' || host.name === 'ip6')
    ? (host.value ?? '')
    : '';
}

/** The host of an address; of IPv6 the network of 64 bits, which is one household's. */
export function hostIn(address: Multiaddr): string {
  const [host] = address.getComponents();
  const value = host?.value ?? '';
  if (host?.name !== 'ip6' || value.startsWith(IPV4_MAPPED)) return value;
  const [front = [], back = []] = value
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: IPV6_GROUPS - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back].slice(0, IPV6_GROUPS / 2).join(':');
}

function attempt(address: string): Multiaddr | null {
  try {
    return multiaddr(address);
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}
