/**
 * The disk of a virtual machine: in memory, done at once while it is sound; it may be full, slow,
 * and put back to a copy of before. Each process has mounted it for itself: what one that ended has
 * under way is lost.
 */

import { Failure } from '../../core/failure.ts';
import type { Store, Write } from '../../daemon/ports.ts';
import type { Dice } from '../../sim/dice.ts';

/** Told before and after each write, as of a moment at which power may fail. */
export type AtBoundary = (boundary: 'before persist' | 'after persist') => void;

export class VirtualDisk {
  full = false;
  /** Mean milliseconds of a write; 0 is done at once. */
  latencyMs = 0;
  readonly #dice: Dice;
  #records: Map<string, Uint8Array>;
  #backup: ReadonlyMap<string, Uint8Array> | null = null;
  #mount = 0;

  constructor(records: ReadonlyMap<string, Uint8Array>, dice: Dice) {
    this.#records = new Map(records);
    this.#dice = dice;
  }

  /** What a process that starts now finds. */
  get records(): ReadonlyMap<string, Uint8Array> {
    return this.#records;
  }

  /** For a process that begins. */
  mount(atBoundary: AtBoundary): Store {
    const mount = ++this.#mount;
    const load = async (): Promise<ReadonlyMap<string, Uint8Array>> => new Map(this.#records);
    return {
      load,
      snapshot: load,
      write: async (batch) => {
        atBoundary('before persist');
        await this.#take(mount, batch);
        atBoundary('after persist');
      },
      close: async () => undefined,
    };
  }

  /** The process that had mounted it is gone, with what it had under way. */
  unmount(): void {
    this.#mount += 1;
  }

  backUp(): void {
    this.#backup = new Map(this.#records);
  }

  /** Puts the last copy in place of what is held, if there is one. */
  restoreBackup(): void {
    if (this.#backup !== null) this.#records = new Map(this.#backup);
  }

  /** Nothing ails it any more. */
  repair(): void {
    this.full = false;
    this.latencyMs = 0;
  }

  async #take(mount: number, batch: readonly Write[]): Promise<void> {
    if (this.latencyMs > 0) {
      const takesMs = 1 + this.#dice.wait(this.latencyMs);
      await new Promise((resolve) => setTimeout(resolve, takesMs));
    }
    if (mount !== this.#mount) throw new Failure('store-unwritable', 'its process is gone');
    if (this.full) throw new Failure('store-unwritable', 'the disk is full');
    for (const { key, value } of batch) {
      if (value === null) this.#records.delete(key);
      else this.#records.set(key, value.slice());
    }
  }
}
