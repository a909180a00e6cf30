/**
 * Files that hold what must neither be lost nor be seen: made whole or not at all, never replaced
 * by accident, and overwritten before their names go.
 */

import { link, lstat, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { openPrivateFolder, syncFolder, systemCode, writeFresh } from '../host/files.ts';

/**
 * Writes a new file of 0600 durably: after a crash it is whole or absent. Never replaces one that
 * stands: that fails `file-unwritable`.
 */
export async function createPrivateFile(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await openPrivateFolder(folder);
  const fresh = `${path}.new`;
  try {
    await writeFresh(fresh, bytes, 0o600);
    await link(fresh, path); // unlike rename, this refuses to replace
    await rm(fresh);
    await syncFolder(folder);
  } catch (error) {
    throw new Failure('file-unwritable', `${path} cannot be created`, error);
  }
}

/** True if the file stands; says nothing about its content. */
export async function hasPrivateFile(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw new Failure('file-unreadable', `${path} cannot be looked at`, error);
  }
}

/** Overwrites a file, then takes its name away, both synced. An absent one is gone already. */
export async function destroyPrivateFile(path: string): Promise<void> {
  if (!(await hasPrivateFile(path))) return;
  try {
    await using file = await open(path, 'r+');
    await file.writeFile(new Uint8Array((await file.stat()).size));
    await file.sync();
    await rm(path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw new Failure('file-unwritable', `${path} cannot be destroyed`, error);
  }
}
