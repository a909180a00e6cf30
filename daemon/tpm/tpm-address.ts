/** Where a TPM is, as a person writes it: a device, `swtpm:unix:PATH`, `swtpm:tcp:HOST:PORT`. */

import { resolve } from 'node:path';
import type { TpmAddress } from '../host/open-tpm.ts';

const SWTPM = 'swtpm:';
const UNIX = /^swtpm:unix:(.+)$/;
const TCP = /^swtpm:tcp:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([1-9][0-9]{0,4})$/;
const PORT_MAX = 65_535;

/** Reads an address; undefined for what is none. A path that is relative counts from here. */
export function parseTpmAddress(text: string): TpmAddress | undefined {
  if (text === '') return undefined;
  if (!text.startsWith(SWTPM)) return { kind: 'device', path: resolve(text) };
  const path = UNIX.exec(text)?.[1];
  if (path !== undefined) return { kind: 'swtpm', socket: { kind: 'unix', path: resolve(path) } };
  const [, host, digits = ''] = TCP.exec(text) ?? [];
  const port = Number.parseInt(digits, 10);
  if (host === undefined || port > PORT_MAX) return undefined;
  return { kind: 'swtpm', socket: { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port } };
}

/** The text that `parseTpmAddress` reads as `address`. */
export function formatTpmAddress(address: TpmAddress): string {
  if (address.kind === 'device') return address.path;
  const { socket } = address;
  if (socket.kind === 'unix') return `${SWTPM}unix:${socket.path}`;
  const host = socket.host.includes(':') ? `[${socket.host}]` : socket.host;
  return `${SWTPM}tcp:${host}:${socket.port}`;
}
