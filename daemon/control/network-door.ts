/**
 * The way to the commands over a network: mutual TLS 1.3, where both ends show an X509-SVID of this
 * domain. Nothing listens unless configured, and nobody is anybody here without a role of his own.
 *
 * Who calls is proven anew at each call: an SVID that ended or was revoked ends what its connection
 * may do. Sessions are not resumed, since a resumed one shows no certificates.
 */

import { constants } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { assert } from '../../core/assert.ts';
import { Refusal } from '../../core/refusal.ts';
import type { CredentialSource } from '../bundle-endpoint/endpoint-credentials.ts';
import { type HttpsEndpoint, openHttpsEndpoint } from '../bundle-endpoint/https-endpoint.ts';
import { chainOf } from '../bundle-endpoint/shown-chain.ts';
import type { VerifiedSvid } from '../identity/x509-verify.ts';
import type { Clock, Log } from '../ports.ts';
import type { ListenAddress } from '../text/address.ts';
import type { Caller } from './caller.ts';
import type { RoleBook } from './role-book.ts';
import type { ControlServer } from './server.ts';

export interface NetworkDoorOptions extends ListenAddress {
  readonly control: ControlServer;
  readonly roles: RoleBook;
  readonly credentials: CredentialSource;
  /** Judges what a caller showed, by what this domain says now; throws a `Refusal`. */
  readonly verify: (chain: readonly Uint8Array[]) => VerifiedSvid;
  /** Hears of everybody who is turned away. */
  readonly onRefused: (from: string, refusal: Refusal) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens the door. Refuses and fails as `openHttpsEndpoint` does. */
export async function openNetworkDoor(options: NetworkDoorOptions): Promise<HttpsEndpoint> {
  const { control, host, port, credentials, clock, log } = options;
  const endpoint = await openHttpsEndpoint({
    ...{ name: 'control endpoint', host, port, credentials, clock, log },
    tls: {
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: false, // judged by the rules of X509-SVIDs, in `callerOf`
      secureOptions: constants.SSL_OP_NO_TICKET,
    },
    handler: (_request, response) => response.writeHead(426, { connection: 'close' }).end(),
  });
  control.answerAt(endpoint.server, async (socket) => {
    assert(socket instanceof TLSSocket, 'an HTTPS server has TLS sockets');
    return callerAt(socket, options);
  });
  return endpoint;
}

function callerAt(socket: TLSSocket, { verify, roles, onRefused }: NetworkDoorOptions): Caller {
  const from = socket.remoteAddress ?? '';
  try {
    const { spiffeId: name } = verify(chainOf(socket));
    const role = roles.roleOfId(name);
    if (role === undefined) throw new Refusal('role-insufficient', { who: name, has: 'none' });
    return { name, uid: null, pid: null, role, from };
  } catch (error) {
    if (error instanceof Refusal) onRefused(from, error);
    throw error;
  }
}
