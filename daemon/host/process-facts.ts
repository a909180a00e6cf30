/**
 * What `/proc` tells about another process (proc(5)). Everything is a claim about a number at one
 * moment: whether it still is the same process is the attestor's to check.
 *
 * Reading another user's executable needs the rights of ptrace(2); without them the answer is
 * undefined, and the caller has fewer selectors, never wrong ones.
 */

import { createHash } from 'node:crypto';
import { open, readFile, readlink, stat } from 'node:fs/promises';
import type { Digest } from '../../core/digest.ts';
import { WORKLOAD_BINARY_BYTES_MAX } from '../../core/limits.ts';
import { cgroupPathIn } from '../attestation/cgroup.ts';
import type { ProcessInspector } from '../attestation/workload-attestor.ts';
import { groupNameOf, userNameOf } from './account-names.ts';
import { ENGINE_SOCKETS, inspectContainer } from './container-engine.ts';
import { systemCode } from './files.ts';
import { readPeer } from './peer-credentials.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Fields behind the command's name in `/proc/<pid>/stat`; the start time is field 22 of all. */
const START_TIME_AFTER_NAME = 22 - 3;
const DELETED = ' (deleted)';

/** The processes of this machine. */
export const hostProcesses: ProcessInspector = {
  peerOf: readPeer,
  startTimeOf,
  executablePathOf,
  executableDigestOf,
  groupIdsOf,
  cgroupPathOf,
  userNameOf,
  groupNameOf,
  unitFileOf,
  inspectContainer: ({ engine, id }) => inspectContainer(ENGINE_SOCKETS[engine], id),
};

/** Where systemd looks for units, first found first (systemd.unit(5)). */
const UNIT_FOLDERS: readonly string[] = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/run/systemd/system',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/run/systemd/generator.late',
];

async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await unlessUnreadable(readFile(`/proc/${pid}/stat`, 'latin1'));
  if (stat === undefined) return undefined;
  // The name stands in parentheses and may hold any character, parentheses too.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_AFTER_NAME];
}

async function executablePathOf(pid: number): Promise<string | undefined> {
  const path = await unlessUnreadable(readlink(`/proc/${pid}/exe`));
  if (path === undefined || path.endsWith(DELETED)) return undefined;
  // In a mount namespace of its own, which any user can make, a process names its files itself.
  const [theirs, ours] = await Promise.all([
    unlessUnreadable(readlink(`/proc/${pid}/ns/mnt`)),
    unlessUnreadable(readlink('/proc/self/ns/mnt')),
  ]);
  return theirs !== undefined && theirs === ours ? path : undefined;
}

async function groupIdsOf(pid: number): Promise<readonly number[] | undefined> {
  const status = await unlessUnreadable(readFile(`/proc/${pid}/status`, 'latin1'));
  const list = status === undefined ? undefined : /^Groups:\t([0-9 ]*)$/m.exec(status)?.[1];
  return list?.split(' ').flatMap((id) => (id === '' ? [] : [Number.parseInt(id, 10)]));
}

async function cgroupPathOf(pid: number): Promise<string | undefined> {
  const text = await unlessUnreadable(readFile(`/proc/${pid}/cgroup`, 'utf8'));
  return text === undefined ? undefined : cgroupPathIn(text);
}

/** The file as it lies there now: systemd may have read another before it was changed. */
async function unitFileOf(unit: string): Promise<string | undefined> {
  const template = unit.replace(/@[^.]*(?=\.)/, '@');
  for (const name of new Set([unit, template])) {
    for (const folder of UNIT_FOLDERS) {
      const path = `${folder}/${name}`;
      if ((await unlessUnreadable(stat(path)))?.isFile() === true) return path;
    }
  }
  return undefined;
}

function executableDigestOf(pid: number): Promise<Digest | undefined> {
  return unlessUnreadable(digestOfFile(`/proc/${pid}/exe`));
}

async function digestOfFile(path: string): Promise<Digest | undefined> {
  await using file = await open(path, 'r');
  // Nobody waits for what would be left out in the end; it may still grow while it is read.
  if ((await file.stat()).size > WORKLOAD_BINARY_BYTES_MAX) return undefined;
  const hash = createHash('sha256');
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let read = 0; read <= WORKLOAD_BINARY_BYTES_MAX; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, read);
    if (bytesRead === 0) return hash.digest('hex') as Digest;
    hash.update(chunk.subarray(0, bytesRead));
    read += bytesRead;
  }
  return undefined;
}

/** What was read, or undefined where the system says that it cannot be. */
async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
