/** The `Store` port in memory, with a switch for a disk that stops writing. */

import { Failure } from '../../core/failure.ts';
import type { Store, Write } from '../../daemon/ports.ts';

export class MemoryStore implements Store {
  readonly records: Map<string, Uint8Array>;
  /** Every batch in the order it was written. */
  readonly batches: (readonly Write[])[] = [];
  writable = true;

  constructor(records: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.records = new Map(records);
  }

  async load(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map(this.records);
  }

  snapshot(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.load();
  }

  async write(batch: readonly Write[]): Promise<void> {
    if (!this.writable) throw new Failure('store-unwritable', 'the state cannot be written');
    this.batches.push(batch);
    for (const { key, value } of batch) {
      if (value === null) this.records.delete(key);
      else this.records.set(key, value.slice());
    }
  }

  async close(): Promise<void> {
    this.writable = false;
  }
}
