/** The machine around the daemon: its runtime, its clock, its sockets, its TPM. */

import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../host/files.ts';
import { TPM_DEVICE } from '../host/tpm-device.ts';
import { type Finding, fault, note, ok, shellWord, type Typed } from './finding.ts';

/** No machine that runs this version was ever before this day. */
const RELEASED_MS = Date.UTC(2026, 0, 1);
const NODE_MAJOR_MIN = 24;

/** A clock that is behind the program itself is wrong; ahead it cannot be told from here. */
export function clockFinding(wallMs: number): Finding {
  const time = new Date(wallMs).toISOString();
  if (wallMs >= RELEASED_MS) return ok('clock', `reads ${time}`);
  return fault('clock', `reads ${time}, which is past`, 'set it: timedatectl set-ntp true');
}

/** Whether this Node can sign as the protocol asks. */
export function runtimeFinding(version: string): Finding {
  const major = Number.parseInt(version.replace(/^v/, ''), 10);
  if (major >= NODE_MAJOR_MIN) return ok('runtime', `Node ${version}`);
  return fault('runtime', `Node ${version} is too old`, 'npm ci --include=optional');
}

/** The control socket, which rules the domain, and whether a daemon answers behind it. */
export async function socketFinding(
  path: string,
  isServed: boolean,
  { start }: Typed,
): Promise<Finding> {
  const stats = await statOf(path);
  if (stats === undefined) return fault('control', `no socket at ${path}`, start);
  if (!stats.isSocket()) {
    const mend = `mv ${shellWord(path)} ${shellWord(`${path}.old`)}`;
    return fault('control', `${path} is no socket`, mend);
  }
  if (!isServed) return fault('control', `nobody answers at ${path}`, start);
  if ((stats.mode & 0o077) === 0) return ok('control', `a daemon answers at ${path}`);
  return fault('control', `${path} is open to others`, `chmod 600 ${shellWord(path)}`);
}

/** The socket of the Workload API, which any local user may open. */
export async function workloadFinding(path: string): Promise<Finding> {
  const stats = await statOf(path);
  if (stats?.isSocket() !== true) {
    return fault('workload', `no Workload API at ${path}`, 'restart the daemon: holdfast start');
  }
  if ((stats.mode & 0o666) === 0o666) return ok('workload', `the Workload API is at ${path}`);
  return fault('workload', `${path} is closed to workloads`, `chmod 666 ${shellWord(path)}`);
}

/** The folder in which the sockets stand has to let this user in. */
export async function socketFolderFinding(path: string): Promise<Finding | undefined> {
  const folder = dirname(path);
  try {
    await access(folder, constants.X_OK);
    return undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined; // the daemon makes it
    return fault(
      'folder',
      `${folder} lets this user not in`,
      `sudo chmod 755 ${shellWord(folder)}`,
    );
  }
}

/** A TPM that is there and cannot be opened is a pity, none at all a fact. */
export async function tpmFinding(): Promise<Finding> {
  try {
    await access(TPM_DEVICE, constants.R_OK | constants.W_OK);
    return ok('tpm', `${TPM_DEVICE} can be used`);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return ok('tpm', 'this machine shows none');
    return note('tpm', `${TPM_DEVICE} is closed to this user`, 'sudo usermod -aG tss "$USER"');
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
