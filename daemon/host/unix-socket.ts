/**
 * Binding a Unix socket so that nobody gets in before its permissions are right, and so that the
 * leftover of a crash is replaced while a living daemon is not.
 */

import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { SOCKET_PATH_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { systemCode } from './files.ts';

/**
 * A folder made here may be entered by all: the private and the public socket live in one, and each
 * guards itself.
 */
const FOLDER_MODE = 0o755;

export interface UnixSocket {
  readonly path: string;
  /** Permission bits of the socket: who may connect. */
  readonly mode: 0o600 | 0o660 | 0o666;
  /** Id of the group that it belongs to, where it is not that of the daemon. */
  readonly group?: number | undefined;
}

/**
 * Makes `server` listen at a socket. Refuses `socket-folder` (the folder cannot be written, or the
 * path is longer than the kernel takes), `socket-occupied`, and `config-value` for a group that the
 * daemon may not hand it to; fails `socket-failed`.
 */
export async function listenAt(server: Server, socket: UnixSocket): Promise<void> {
  const { path, mode, group } = socket;
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new Refusal('socket-folder', { path, why: 'too long', limit: SOCKET_PATH_BYTES_MAX });
  }
  try {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    await removeStale(path);
    // A group is let in only once the socket is that group's.
    await bind(server, path, group === undefined ? mode : 0o600);
    if (group !== undefined) await handTo(group, path, mode);
  } catch (error) {
    throw troubleOf(error, path);
  }
}

/** Takes away a socket that nobody answers at. Anything else that stands there stays. */
async function removeStale(path: string): Promise<void> {
  try {
    const stats = await lstat(path);
    if (!stats.isSocket()) throw new Refusal('socket-occupied', { path, why: 'not a socket' });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if (await answers(path)) throw new Refusal('socket-occupied', { path });
  await rm(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error) => {
      const code = systemCode(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false);
      else if (code === 'EAGAIN')
        resolve(true); // its backlog is full: somebody lives there
      else reject(error);
    });
  });
}

function bind(server: Server, path: string, mode: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The kernel gives a new socket the mode that the mask leaves, so it never stands too wide;
    // the runtime binds within this call, before anything else can create a file.
    const before = process.umask(0o777 & ~mode);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

async function handTo(group: number, path: string, mode: number): Promise<void> {
  try {
    await chown(path, -1, group);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') throw error;
    const expected = 'a group that the daemon is in';
    throw new Refusal('config-value', { key: 'control.group', expected, got: group });
  }
  await chmod(path, mode);
}

function troubleOf(error: unknown, path: string): unknown {
  if (error instanceof Refusal) return error;
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'ENOENT':
    case 'EEXIST':
      return new Refusal('socket-folder', { path, why: systemCode(error) ?? '' });
    case 'EADDRINUSE':
      return new Refusal('socket-occupied', { path });
    default:
      return new Failure('socket-failed', `the socket ${path} cannot be opened`, error);
  }
}
