/**
 * Who is at the other end of a Unix socket, asked of the kernel (unix(7), SO_PEERCRED).
 *
 * The answer was fixed when the peer connected; nothing the peer sends can change it. Where the
 * kernel has SO_PEERPIDFD (Linux 6.5), a file descriptor pins that very process, so that its
 * number cannot be mistaken for a later process's. Node offers neither, hence the foreign calls.
 */

import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { assert } from '../../core/assert.ts';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import type { ConnectedProcess } from '../attestation/workload-attestor.ts';

// <asm-generic/socket.h>; x64 and arm64 share it.
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
const SO_PEERPIDFD = 77;
// <asm-generic/errno.h>: the kernel does not know the option; a signal came first.
const ENOPROTOOPT = 92;
const EINTR = 4;
const ERANGE = 34;
// <poll.h>
const POLLIN = 1;

const UCRED_BYTES = 12;
const INT_BYTES = 4;
const POLLFD_BYTES = 8;
/** Groups of a usual process, and the most that one can have (limits.h, NGROUPS_MAX). */
const GROUPS_GUESSED = 32;
const GROUPS_MAX = 65_536;
const IS_LITTLE_ENDIAN = true; // both platforms are

const libc = koffi.load(null);
const getsockopt = libc.func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)');
const poll = libc.func('int poll(_Inout_ uint8_t *, unsigned long, int)');

/** The process connected to `socketFd`. Refuses `workload-gone` if the kernel names none to us. */
export function readPeer(socketFd: number): ConnectedProcess {
  const credentials = socketOption(socketFd, SO_PEERCRED, UCRED_BYTES);
  if (credentials === undefined) throw new Failure('socket-failed', 'SO_PEERCRED gives no answer');
  const pid = credentials.getInt32(0, IS_LITTLE_ENDIAN);
  const uid = credentials.getUint32(4, IS_LITTLE_ENDIAN);
  const gid = credentials.getUint32(8, IS_LITTLE_ENDIAN);
  // 0 stands for a process that this namespace cannot name: nothing could be read about it.
  if (pid <= 0) throw new Refusal('workload-gone', { pid });
  const pidfd = socketOption(socketFd, SO_PEERPIDFD, INT_BYTES)?.getInt32(0, IS_LITTLE_ENDIAN);
  // A kernel that has the option and gives no descriptor says that the process is gone already.
  if (pidfd === undefined && koffi.errno() !== ENOPROTOOPT)
    throw new Refusal('workload-gone', { pid });
  return new PinnedProcess({ pid, uid, gid }, pidfd);
}

/** The supplementary groups of the process connected to `socketFd`. Fails `socket-failed`. */
export function readPeerGroups(socketFd: number): readonly number[] {
  let size = [GROUPS_GUESSED * INT_BYTES];
  for (;;) {
    const value = new Uint8Array(size[0] ?? 0);
    if (getsockopt(socketFd, SOL_SOCKET, SO_PEERGROUPS, value, size) === 0) {
      const groups = new DataView(value.buffer);
      const count = (size[0] ?? 0) / INT_BYTES;
      return Array.from({ length: count }, (_, at) =>
        groups.getUint32(at * INT_BYTES, IS_LITTLE_ENDIAN),
      );
    }
    // The kernel says then how many bytes it would have taken.
    const needed = size[0] ?? 0;
    if (koffi.errno() !== ERANGE || needed <= value.length || needed > GROUPS_MAX * INT_BYTES) {
      throw new Failure('socket-failed', 'SO_PEERGROUPS gives no answer');
    }
    size = [needed];
  }
}

interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

class PinnedProcess implements ConnectedProcess {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  #pidfd: number | undefined;
  #isClosed = false;

  constructor({ pid, uid, gid }: Credentials, pidfd: number | undefined) {
    this.pid = pid;
    this.uid = uid;
    this.gid = gid;
    this.#pidfd = pidfd;
  }

  /** A pidfd becomes readable when its process ends. Without one, `/proc` has to do. */
  isAlive(): boolean {
    if (this.#isClosed) return false;
    return this.#pidfd === undefined || !isReadable(this.#pidfd);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#pidfd !== undefined) closeSync(this.#pidfd);
    this.#pidfd = undefined;
  }
}

/** The value of a socket option, or undefined where the kernel has none. */
function socketOption(fd: number, option: number, sizeBytes: number): DataView | undefined {
  const value = new Uint8Array(sizeBytes);
  const size = [sizeBytes];
  if (getsockopt(fd, SOL_SOCKET, option, value, size) !== 0) return undefined;
  assert(size[0] === sizeBytes, 'the kernel fills a socket option whole');
  return new DataView(value.buffer);
}

function isReadable(fd: number): boolean {
  const request = new DataView(new ArrayBuffer(POLLFD_BYTES));
  request.setInt32(0, fd, IS_LITTLE_ENDIAN);
  request.setInt16(4, POLLIN, IS_LITTLE_ENDIAN);
  const bytes = new Uint8Array(request.buffer);
  // A signal that comes in between says nothing about the process; any other failure does.
  for (;;) {
    const ready = poll(bytes, 1, 0);
    if (ready >= 0 || koffi.errno() !== EINTR) return ready !== 0;
  }
}
