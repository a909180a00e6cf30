/**
 * What a caller of a local socket is, as selectors (SPIFFE Workload API §4, identification of the
 * caller).
 *
 * The kernel says who connected; `/proc` says what that process runs. The second is about a
 * process number, which may be given to another process in the meantime, so the process must be
 * seen to be the same and alive after everything was read. What could not be read is an absent
 * selector: a caller never gains by it. Not defeated here: a process that connects, hands the
 * socket to a child and then executes another program shows that program's path and contents;
 * `unix:path` and `unix:sha256` say which program runs, and only together with `unix:uid` whose.
 */

import type { Digest } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  gidSelector,
  pathSelector,
  type Selector,
  sha256Selector,
  uidSelector,
} from '../identity/selector.ts';

/** The process at the other end of a socket, as the kernel recorded it on connecting. */
export interface ConnectedProcess {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** False once the process is known to have ended. */
  isAlive(): boolean;
  /** Gives back what the machine keeps open for this. */
  close(): void;
}

/** What the machine can say about processes; `daemon/host` implements it. */
export interface ProcessInspector {
  /** Who is connected to a socket. Refuses `workload-gone`. */
  peerOf(socketFd: number): ConnectedProcess;
  /** Start time in the kernel's own count: with the pid, the name of one process for one boot. */
  startTimeOf(pid: number): Promise<string | undefined>;
  /** The path of the executable; undefined unless it means to us what it means to the process. */
  executablePathOf(pid: number): Promise<string | undefined>;
  /** SHA-256 of the executable; undefined beyond `WORKLOAD_BINARY_BYTES_MAX`. */
  executableDigestOf(pid: number): Promise<Digest | undefined>;
}

/** Whether to read the whole executable, which is worth it only if an entry asks for it. */
export type ExecutableReading = 'name-only' | 'hashed';

/** The selectors of a caller. Refuses `workload-gone` unless it lived on through the reading. */
export async function attestWorkload(
  caller: ConnectedProcess,
  inspector: ProcessInspector,
  reading: ExecutableReading,
): Promise<readonly Selector[]> {
  const { pid, uid, gid } = caller;
  const startTime = await inspector.startTimeOf(pid);
  const path = await inspector.executablePathOf(pid);
  const digest = reading === 'hashed' ? await inspector.executableDigestOf(pid) : undefined;
  const pathAfter = await inspector.executablePathOf(pid);
  const startTimeAfter = await inspector.startTimeOf(pid);
  if (startTime === undefined || startTime !== startTimeAfter || !caller.isAlive()) {
    throw new Refusal('workload-gone', { pid });
  }
  const ofPath = path === undefined ? undefined : pathSelector(path);
  // A program executed half-way would show the path of one file and the contents of another.
  const ofProgram =
    path === pathAfter ? [ofPath, digest === undefined ? undefined : sha256Selector(digest)] : [];
  return [
    uidSelector(uid),
    gidSelector(gid),
    ...ofProgram.filter((selector) => selector !== undefined),
  ];
}
