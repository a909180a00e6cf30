/**
 * One at a time, in the order of arrival, with a bound on how many may wait.
 *
 * A TPM has one command buffer, and our share of it three places for objects: both are guarded by
 * an instance of this.
 */

import { Failure } from '../core/failure.ts';

/** A queue of tasks of which one runs. */
export class Turns {
  readonly #limit: number;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `task` after all that came before it. Fails with `tpm-busy` beyond the limit. */
  async take<T>(task: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#limit) {
      throw new Failure('tpm-busy', `${this.#limit} callers wait for the TPM already`);
    }
    this.#waiting++;
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    try {
      return await task();
    } finally {
      this.#waiting--;
      resolve();
    }
  }

  /** Resolves when every task that was waiting has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
