/**
 * Group commit: what waits while the disk is busy goes into one next write.
 *
 * A sync costs the same for one record as for a hundred, so the more callers wait, the cheaper
 * each becomes, and order is kept. What a flush means (one batch, one append) is the caller's.
 */

interface Waiting<Item> {
  readonly item: Item;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Feeds `flush` with one group at a time; an item is acknowledged only when its group is. */
export class GroupCommit<Item> {
  readonly #flush: (group: readonly Item[]) => Promise<void>;
  readonly #most: number;
  readonly #waiting: Waiting<Item>[] = [];
  #flushing: Promise<void> | undefined;

  /** `most` items make a group, or all that wait. */
  constructor(flush: (group: readonly Item[]) => Promise<void>, most = Number.POSITIVE_INFINITY) {
    this.#flush = flush;
    this.#most = most;
  }

  /** How many wait for the next group, and those after it. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves once the group that holds `item` is flushed, rejects with what its flush threw. */
  add(item: Item): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ item, done, failed });
      this.#flushing ??= this.#drain();
    });
  }

  /** Resolves once nothing waits any more. Never rejects: each waiter got its own answer. */
  async idle(): Promise<void> {
    await this.#flushing;
  }

  async #drain(): Promise<void> {
    // Lets all callers of this turn of the event loop into the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#most);
      try {
        await this.#flush(group.map(({ item }) => item));
        for (const { done } of group) done();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.#flushing = undefined;
  }
}
