/** Who is at the other end of a control connection, as the kernel and the account files say. */

import type { Socket } from 'node:net';
import { Failure } from '../../core/failure.ts';
import type { LocalPeer } from '../control/role-book.ts';
import { groupNameOf, userNameOf } from './account-names.ts';
import { readPeer, readPeerGroups } from './peer-credentials.ts';

/**
 * The process that opened the connection. All numbers were fixed when it connected; a group that it
 * left since still counts, until it comes again. Fails `socket-failed`.
 */
export async function localPeerOf(socket: Socket): Promise<LocalPeer> {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : -1;
  if (typeof fd !== 'number' || fd < 0) throw new Failure('socket-failed', 'the caller is gone');
  const peer = readPeer(fd);
  const { pid, uid, gid } = peer;
  peer.close(); // what it is told by stays true, whatever becomes of the process
  const groups = [...new Set([gid, ...readPeerGroups(fd)])];
  const user = await userNameOf(uid);
  const names = await Promise.all(groups.map(groupNameOf));
  const spellings = [
    `uid:${uid}`,
    ...(user === undefined ? [] : [`user:${user}`]),
    ...groups.map((group) => `gid:${group}`),
    ...names.flatMap((name) => (name === undefined ? [] : [`group:${name}`])),
  ];
  const isOwner = uid === 0 || uid === process.getuid?.();
  return { pid, uid, user: user ?? '', spellings, isOwner };
}
