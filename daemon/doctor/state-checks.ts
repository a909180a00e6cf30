/**
 * What lies on the disk: the state folder, its keys, its log, its lock, and the room around it.
 *
 * Looks and changes nothing, so it may run beside a daemon. Every fault names the command that
 * mends it, ready to be typed.
 */

import { lstat, readdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { verifyAudit } from '../audit/audit-verify.ts';
import { systemCode } from '../host/files.ts';
import { type StateFolder, stateFolderAt } from '../store/state-folder.ts';
import { type Finding, fault, note, ok, shellWord, type Typed } from './finding.ts';

const MEGABYTE = 1_000_000;
/** With less the next months of audit log do not fit; with the second, not the next commit. */
const ROOM_NOTE_BYTES = 256 * MEGABYTE;
const ROOM_FAULT_BYTES = 32 * MEGABYTE;
const OTHERS = 0o077;

/** Everything about the state in `path`, for the user `uid`; `isServed` if a daemon answers. */
export async function stateFindings(
  path: string,
  uid: number,
  isServed: boolean,
  typed: Typed,
): Promise<readonly Finding[]> {
  const folder = stateFolderAt(path);
  if ((await statOf(path)) === undefined) {
    return [note('state', `${path} is not there yet`, typed.start)];
  }
  return [
    ...(await accessFindings(folder, uid)),
    ...(await roomFindings(path)),
    await logFinding(folder.auditLog, typed),
    await lockFinding(folder, isServed),
    ...(await rootKeyFindings(folder)),
  ];
}

/** Owner and mode of everything that nobody else may touch. */
async function accessFindings(folder: StateFolder, uid: number): Promise<readonly Finding[]> {
  const folders = [folder.path, folder.keys, folder.store];
  const keys = await namesIn(folder.keys);
  const files = [folder.auditLog, ...keys.map((name) => join(folder.keys, name))];
  const found = [
    ...(await Promise.all(folders.map((path) => accessFinding(path, uid, '700')))),
    ...(await Promise.all(files.map((path) => accessFinding(path, uid, '600')))),
  ].filter((finding) => finding !== undefined);
  return found.length > 0 ? found : [ok('access', `${folder.path} is private, its keys too`)];
}

async function accessFinding(
  path: string,
  uid: number,
  mode: '600' | '700',
): Promise<Finding | undefined> {
  const stats = await statOf(path);
  if (stats === undefined) return undefined;
  if (stats.uid !== uid && uid !== 0) {
    return fault(
      'access',
      `${path} belongs to user ${stats.uid}`,
      `sudo chown ${uid} ${shellWord(path)}`,
    );
  }
  if ((stats.mode & OTHERS) === 0) return undefined;
  const got = (stats.mode & 0o777).toString(8);
  return fault('access', `${path} is open to others (${got})`, `chmod ${mode} ${shellWord(path)}`);
}

async function roomFindings(path: string): Promise<readonly Finding[]> {
  const disk = await statfs(path);
  const bytes = disk.bavail * disk.bsize;
  const says = `${Math.floor(bytes / MEGABYTE)} MB are free around ${path}`;
  const mend = `free space: du -xah ${shellWord(path)} | sort -h | tail`;
  if (disk.files > 0 && disk.ffree === 0) return [fault('disk', 'no inode is free', mend)];
  if (bytes < ROOM_FAULT_BYTES) return [fault('disk', says, mend)];
  return [bytes < ROOM_NOTE_BYTES ? note('disk', says, mend) : ok('disk', says)];
}

async function logFinding(path: string, { start }: Typed): Promise<Finding> {
  if ((await statOf(path)) === undefined) return note('audit', 'no log yet', start);
  try {
    const { head } = await verifyAudit(path);
    return ok('audit', `${head.seq} entries, each with the hash of the one before`);
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Failure)) throw error;
    return fault(
      'audit',
      `${error.code}: ${error.message}`,
      `keep a copy of ${path}; holdfast explain ${error.code}`,
    );
  }
}

async function lockFinding(folder: StateFolder, isServed: boolean): Promise<Finding> {
  const holder = await lockHolder(folder);
  if (holder === undefined) return ok('lock', 'no process holds the state');
  if (isServed) return ok('lock', `process ${holder} holds the state`);
  const says =
    `process ${holder} holds the state, and no daemon answers at the control socket; ` +
    'if it is meant to, name its socket with --control-socket';
  return fault('lock', says, `kill ${holder}`);
}

/** Who holds the lock of the store, as the kernel lists it (proc_locks(5)). */
export async function lockHolder({ store }: StateFolder): Promise<string | undefined> {
  const inode = (await statOf(join(store, 'LOCK')))?.ino;
  if (inode === undefined) return undefined;
  const lines = (await readFile('/proc/locks', 'latin1')).split('\n');
  const line = lines.find((each) => each.split(/\s+/)[5]?.split(':')[2] === String(inode));
  return line?.split(/\s+/)[4];
}

/** Keys that a running daemon has no use for, and a thief has. */
async function rootKeyFindings({ keys }: StateFolder): Promise<readonly Finding[]> {
  const here = (await namesIn(keys)).filter((name) => name === 'root.key');
  return here.map((name) =>
    note(
      'root key',
      `${join(keys, name)} replaces everything, and lies here`,
      `move it off this machine: mv ${shellWord(join(keys, name))} FOLDER`,
    ),
  );
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return [];
    throw error;
  }
}

async function statOf(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return undefined;
    throw error;
  }
}
