/**
 * The asking side of the commands over a network: a daemon of our own domain, by mutual TLS.
 *
 * Who we are, and what we trust, is a folder as `holdfast svid fetch --write` makes it. Nothing is
 * asked before the other end has proven that it is the daemon of an authority of our domain.
 */

import { once } from 'node:events';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { fromUtf8 } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { type SpiffeId, spiffeId, trustDomainOf } from '../../core/spiffe-id.ts';
import type { UnixMs } from '../../core/time.ts';
import { CONTROL_ID_PATH } from '../bundle-endpoint/endpoint-credentials.ts';
import { chainOf } from '../bundle-endpoint/shown-chain.ts';
import { openClock } from '../host/clock.ts';
import { readBounded, readPrivate } from '../host/files.ts';
import { parsePem } from '../identity/pem.ts';
import { parseX509Svid, verifyX509Svid } from '../identity/x509-verify.ts';
import type { ListenAddress } from '../text/address.ts';
import { type ControlClient, openClient } from './client.ts';

export interface NetworkPlace extends ListenAddress {
  /** Holds `svid.pem`, `key.pem` and `bundle.pem`. */
  readonly svidFolder: string;
  readonly now: UnixMs;
}

const PEM_BYTES_MAX = 2 * CERTIFICATE_BYTES_MAX * CHAIN_CERTIFICATES_MAX;

/**
 * Connects to the daemon there. Refuses `endpoint-identity` where another answers, and
 * `role-insufficient`; fails `daemon-unreachable` and `file-unreadable`.
 */
export async function connectOverNetwork(place: NetworkPlace): Promise<ControlClient> {
  const { host, port, svidFolder, now } = place;
  const file = (name: string) => readBounded(join(svidFolder, name), PEM_BYTES_MAX);
  const [cert, bundle] = [fromUtf8(await file('svid.pem')), fromUtf8(await file('bundle.pem'))];
  const key = fromUtf8(await readPrivate(join(svidFolder, 'key.pem'), PEM_BYTES_MAX));
  const domain = trustDomainOf(parseX509Svid(cert).spiffeId);
  const socket = connect({
    ...{ host, port, cert, key, minVersion: 'TLSv1.3' },
    rejectUnauthorized: false, // judged below, before anything is sent
  });
  socket.on('error', () => undefined); // whoever waits for it hears of it by itself
  const name = `${host} port ${port}`;
  try {
    await once(socket, 'secureConnect');
  } catch (error) {
    throw new Failure('daemon-unreachable', `no daemon answers at ${name}`, error);
  }
  const roots = new Map([[domain, parsePem(bundle, 'CERTIFICATE')]]);
  checkDaemon(
    socket,
    spiffeId(domain, CONTROL_ID_PATH),
    (chain) => verifyX509Svid(chain, roots, now).spiffeId,
  );
  return openClient(name, () => socket, openClock());
}

/** Refuses `endpoint-identity` unless the other end is who it has to be. */
function checkDaemon(
  socket: TLSSocket,
  expected: SpiffeId,
  verify: (chain: readonly Uint8Array[]) => SpiffeId,
): void {
  try {
    const got = verify(chainOf(socket));
    if (got !== expected) throw new Refusal('endpoint-identity', { expected, got });
  } catch (error) {
    socket.destroy();
    if (!(error instanceof Refusal) || error.code === 'endpoint-identity') throw error;
    throw new Refusal('endpoint-identity', { ...error.details, why: error.code, expected });
  }
}
