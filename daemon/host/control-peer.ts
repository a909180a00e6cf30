/** Who is at the other end of a control connection, as the kernel says. */

import type { Socket } from 'node:net';
import { Failure } from '../../core/failure.ts';
import type { Caller } from '../control/server.ts';
import { readPeer } from './peer-credentials.ts';

/** Credentials of the process that opened the connection. Fails `socket-failed`. */
export function peerCredentialsOf(socket: Socket): Caller {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : -1;
  if (typeof fd !== 'number' || fd < 0) throw new Failure('socket-failed', 'the caller is gone');
  const peer = readPeer(fd);
  const { pid, uid, gid } = peer;
  peer.close(); // what it is told by stays true, whatever becomes of the process
  return { pid, uid, gid };
}
