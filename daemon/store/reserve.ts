/**
 * Space of the disk that is kept for what takes something back: a file of zeros beside the store,
 * given up when a revocation, a stop or a proof finds the disk full (PROTOCOL §5.1).
 *
 * Until there is room for it again nothing positive is written, or that would fill the space anew.
 * On a file system that compresses it, such a file keeps nothing free.
 */

import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { STORE_RESERVE_BYTES } from '../../core/limits.ts';
import { syncFolder, systemCode } from '../host/files.ts';

export class Reserve {
  readonly #path: string;
  #isWhole: boolean;

  private constructor(path: string, isWhole: boolean) {
    this.#path = path;
    this.#isWhole = isWhole;
  }

  /** The reserve at `path`, made if there is room for it. Fails `file-unwritable`. */
  static async open(path: string): Promise<Reserve> {
    const reserve = new Reserve(path, (await sizeOf(path)) === STORE_RESERVE_BYTES);
    await reserve.restore();
    return reserve;
  }

  /** Gives the space up; false where there is none to give. Fails `file-unwritable`. */
  async spend(): Promise<boolean> {
    if (!this.#isWhole) return false;
    this.#isWhole = false;
    await this.#attempt(async () => {
      await rm(this.#path, { force: true });
      await syncFolder(dirname(this.#path));
    });
    return true;
  }

  /** True where the space is kept, or can be again. Fails `file-unwritable`. */
  async restore(): Promise<boolean> {
    if (this.#isWhole) return true;
    await this.#attempt(async () => {
      const { bavail, bsize } = await statfs(dirname(this.#path));
      // As much again stays free, so that the very next batch finds room.
      if (bavail * bsize < 2 * STORE_RESERVE_BYTES) return;
      await using file = await open(this.#path, 'w', 0o600);
      await file.writeFile(new Uint8Array(STORE_RESERVE_BYTES));
      await file.sync();
      this.#isWhole = true;
    });
    return this.#isWhole;
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      await rm(this.#path, { force: true });
      if (systemCode(error) === 'ENOSPC') return; // another program was faster
      throw new Failure('file-unwritable', `${this.#path} cannot be kept`, error);
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw new Failure('file-unreadable', `${path} cannot be looked at`, error);
  }
}
