/**
 * Files, read with a bound and written so that a crash leaves the old or the new, never a mixture.
 *
 * Every failure of the disk comes out as a `Failure` that keeps its cause and names the path.
 */

import { constants } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { concat } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';

/** Permission bits that let anyone but the owner in. */
const OTHERS = 0o077;
const CHUNK_BYTES = 64 * 1024;

/** The system's error code (`ENOENT`, …) of something caught, if it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Reads at most `maxBytes`. Refuses `too-large`; fails `file-unreadable`. */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  await using file = await openForReading(path);
  return await readHandle(file, path, maxBytes);
}

/**
 * Reads a private file of at most `maxBytes`, never through a symbolic link. Refuses
 * `permissions-wide` with the command that mends it if anybody but the owner may touch the file.
 */
export async function readPrivate(path: string, maxBytes: number): Promise<Uint8Array> {
  await using file = await openForReading(path, constants.O_NOFOLLOW);
  refuseWide(path, 'chmod 600', (await file.stat()).mode);
  return await readHandle(file, path, maxBytes);
}

/** Makes a folder, and those above it, unless it stands. */
export async function openFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new Failure('file-unwritable', `the folder ${path} cannot be made`, error);
  }
}

/** Makes a folder that only its owner may enter. Refuses `permissions-wide` if it stands wider. */
export async function openPrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    refuseWide(path, 'chmod 700', (await lstat(path)).mode);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Failure('file-unwritable', `the folder ${path} cannot be used`, error);
  }
}

/** Refuses `permissions-wide` if `mode` lets group or others in; `mend` is the command to run. */
export function refuseWide(path: string, mend: 'chmod 600' | 'chmod 700', mode: number): void {
  if ((mode & OTHERS) === 0) return;
  const got = (mode & 0o777).toString(8).padStart(4, '0');
  throw new Refusal('permissions-wide', { path, got, mend: `${mend} ${path}` });
}

/** Writes a new file durably, and never over one that stands: that fails `file-unwritable`. */
export async function createFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await writeFresh(fresh, bytes, mode);
    await link(fresh, path); // unlike rename, this refuses to replace
    await rm(fresh);
    await syncFolder(dirname(path));
  } catch (error) {
    throw new Failure('file-unwritable', `${path} cannot be created`, error);
  }
}

/** Replaces `path` by `bytes`, durably: after a crash it holds the old content or the new. */
export async function replaceFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await writeFresh(fresh, bytes, mode);
    await rename(fresh, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw new Failure('file-unwritable', `${path} cannot be written`, error);
  }
}

/** Writes a file that must not stand yet, save as the leftover of a crash, and syncs it. */
export async function writeFresh(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await rm(path, { force: true });
  await using file = await open(path, 'wx', mode);
  await file.writeFile(bytes);
  await file.sync();
}

/** Makes the names in a folder durable: without it a rename may be forgotten. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync();
}

/** Opens a file and reads nothing yet. Fails `file-unreadable`. */
export async function openForReading(path: string, extraFlags = 0): Promise<FileHandle> {
  try {
    // O_NONBLOCK: a named pipe without a writer must not hang us.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK | extraFlags);
  } catch (error) {
    throw new Failure('file-unreadable', `${path} cannot be read`, error);
  }
}

async function readHandle(file: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    // Reads on to the end instead of trusting the size that stat reports: it may be growing.
    while (sizeBytes <= maxBytes) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES));
      if (bytesRead === 0) return concat(...chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      sizeBytes += bytesRead;
    }
  } catch (error) {
    throw new Failure('file-unreadable', `${path} cannot be read`, error);
  }
  throw new Refusal('too-large', { path, limit: maxBytes });
}
