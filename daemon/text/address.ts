/**
 * Network addresses as the configuration and commands take them: multiaddrs over TCP, no others.
 *
 *     /ip4/127.0.0.1/tcp/7717   /ip6/::1/tcp/7717   /dns4/node.example/tcp/7717/p2p/12D3Koo…
 *
 * Checked here by form alone, so that a client command need not load the network.
 */

import { isIPv4, isIPv6 } from 'node:net';
import { DIAL_ADDRESS_CHARS_MAX } from '../../core/limits.ts';

const ADDRESS = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(0|[1-9][0-9]{0,4})(?:\/p2p\/([^/]+))?$/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62}|\.(?=[a-z0-9]))*$/i;
const PEER_ID = /^[1-9A-HJ-NP-Za-km-z]{32,64}$/;
const PORT_MAX = 65_535;

/** True for an address to listen at: an IP literal; port 0 lets the kernel choose. */
export function isListenAddress(text: string): boolean {
  return parseListenAddress(text) !== undefined;
}

/** Where a server listens: an IP literal and a port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The parts of an address to listen at; undefined for any other text. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const parts = partsOf(text);
  const isLiteral = parts?.kind === 'ip4' || parts?.kind === 'ip6';
  if (!isLiteral || parts.peer !== undefined) return undefined;
  return { host: parts.host, port: parts.port };
}

/** True for an address to dial: an IP literal or a name, with a real port. */
export function isDialAddress(text: string): boolean {
  const parts = partsOf(text);
  return parts !== undefined && parts.port > 0;
}

/** True for an address that nobody beyond this machine can reach (RFC 1122 §3.2.1.3, RFC 4291). */
export function isLoopback({ host }: ListenAddress): boolean {
  return host.startsWith('127.') || host === '::1';
}

interface Parts {
  readonly kind: string;
  readonly host: string;
  readonly port: number;
  readonly peer: string | undefined;
}

function partsOf(text: string): Parts | undefined {
  if (text.length > DIAL_ADDRESS_CHARS_MAX) return undefined;
  const [, kind = '', host = '', digits = '', peer] = ADDRESS.exec(text) ?? [];
  const port = Number.parseInt(digits, 10);
  if (!(port <= PORT_MAX) || !isHost(kind, host)) return undefined;
  if (peer !== undefined && !PEER_ID.test(peer)) return undefined;
  return { kind, host, port, peer };
}

function isHost(kind: string, host: string): boolean {
  if (kind === 'ip4') return isIPv4(host);
  if (kind === 'ip6') return isIPv6(host) && !host.includes('%');
  return HOST_NAME.test(host);
}
