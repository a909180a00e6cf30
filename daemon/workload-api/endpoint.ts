/**
 * Where a Workload API is, as `SPIFFE_ENDPOINT_SOCKET` says it (SPIFFE Workload Endpoint §4).
 *
 * `unix:///ABSOLUTE/PATH` or `tcp://IP:PORT`, and nothing that a URL could say beside: a lax
 * reader connects to somewhere else than the operator meant. Percent-encoding is refused, so that
 * the path that is read is the path that is opened.
 */

import { isIP } from 'node:net';
import { toUtf8 } from '../../core/bytes.ts';
import { SOCKET_PATH_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';

/** The variable that clients look at when nothing was configured. */
export const ENDPOINT_VARIABLE = 'SPIFFE_ENDPOINT_SOCKET';

/** Where to connect. */
export type WorkloadEndpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

const UNIX = 'unix://';
const TCP = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/;
const PORT_MAX = 65_535;

/** Reads an endpoint. Refuses `config-value` with what is wrong. */
export function parseEndpoint(text: string): WorkloadEndpoint {
  if (text.slice(0, UNIX.length) === UNIX) return unixEndpoint(text.slice(UNIX.length));
  const [, version6, version4, digits = ''] = TCP.exec(text) ?? refuse(text, NEITHER);
  const host = version6 ?? version4 ?? '';
  const family = version6 === undefined ? 4 : 6;
  if (isIP(host) !== family) refuse(text, 'the host is no IP address');
  const port = Number.parseInt(digits, 10);
  if (port > PORT_MAX) refuse(text, 'no such port');
  return { kind: 'tcp', host, port };
}

/** The endpoint as `SPIFFE_ENDPOINT_SOCKET` carries it. */
export function endpointText(endpoint: WorkloadEndpoint): string {
  if (endpoint.kind === 'unix') return `${UNIX}${endpoint.path}`;
  const host = isIP(endpoint.host) === 6 ? `[${endpoint.host}]` : endpoint.host;
  return `tcp://${host}:${endpoint.port}`;
}

function unixEndpoint(path: string): WorkloadEndpoint {
  // What follows the two slashes up to the third would be a host, and none is allowed.
  if (path[0] !== '/' || path.length < 2) refuse(path, 'unix:// is followed by an absolute path');
  if (!path.isWellFormed() || /[?#%\u0000-\u001f\u007f]/.test(path)) {
    refuse(path, 'a query, a fragment, an escape or a control character');
  }
  if (toUtf8(path).length > SOCKET_PATH_BYTES_MAX) refuse(path, 'longer than a socket path can be');
  return { kind: 'unix', path };
}

const NEITHER = 'neither unix:///ABSOLUTE/PATH nor tcp://IP:PORT';

function refuse(text: string, why: string): never {
  throw new Refusal('config-value', { key: ENDPOINT_VARIABLE, why, got: text.slice(0, 128) });
}
