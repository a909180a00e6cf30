/**
 * Files too long to be held in memory: read and written from the first byte to the last, a piece at
 * a time. One that is being written takes its name when it is whole, as `replaceFile` does.
 */

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { openForReading, syncFolder } from './files.ts';

/** A file that is read forwards. */
export interface LongFile extends AsyncDisposable {
  /** As long as it was when it was opened. */
  readonly sizeBytes: number;
  /** The next `count` bytes, fewer only at the end. Fails `file-unreadable`. */
  take(count: number): Promise<Uint8Array>;
}

/** A file that is written forwards; unless `finish` was called it leaves nothing. */
export interface FreshFile extends AsyncDisposable {
  append(bytes: Uint8Array): Promise<void>;
  /** Makes it durable under its name. */
  finish(): Promise<void>;
}

/** Opens a file for reading. Fails `file-unreadable`. */
export async function openLongFile(path: string): Promise<LongFile> {
  const file = await openForReading(path);
  const { size } = await file.stat();
  return {
    sizeBytes: size,
    take: (count) => takeFrom(file, path, count),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Begins a file that will stand at `path`. Fails `file-unwritable`. */
export async function openFreshFile(path: string, mode: number): Promise<FreshFile> {
  const fresh = `${path}.new`;
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new Failure('file-unwritable', `${path} cannot be written`, error);
    }
  };
  const file = await attempt(async () => {
    await rm(fresh, { force: true });
    return open(fresh, 'wx', mode);
  });
  let isFinished = false;
  return {
    append: (bytes) => attempt(() => file.writeFile(bytes)),
    finish: () =>
      attempt(async () => {
        await file.sync();
        await rename(fresh, path);
        isFinished = true;
        await syncFolder(dirname(path));
      }),
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!isFinished) await rm(fresh, { force: true });
    },
  };
}

async function takeFrom(file: FileHandle, path: string, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  let length = 0;
  try {
    while (length < count) {
      const { bytesRead } = await file.read(bytes, length, count - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
  } catch (error) {
    throw new Failure('file-unreadable', `${path} cannot be read`, error);
  }
  return bytes.subarray(0, length);
}
