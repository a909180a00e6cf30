/**
 * One at a time, and fair: whoever asks for much waits behind whoever asks for little.
 *
 * Each caller has a queue of its own, and the queues take turns. So a batch of signatures does not
 * hold up the one key that a start waits for.
 */

import { Failure } from '../../core/failure.ts';

/** A caller's work that waits, and whom to tell once its turn has come. */
type Turn = () => void;

export class FairTurns {
  readonly #limit: number;
  /** Of callers that wait, the next one first. */
  readonly #queues = new Map<string, Turn[]>();
  #isTaken = false;

  /** `limit` bounds what one caller may have waiting. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True while nothing runs and nothing waits. */
  get isIdle(): boolean {
    return !this.#isTaken;
  }

  /** Runs `task` when the turn of its caller has come. Fails with `tpm-busy` beyond the limit. */
  async take<T>(caller: string, task: () => Promise<T>): Promise<T> {
    await this.#turnOf(caller);
    try {
      return await task();
    } finally {
      this.#pass();
    }
  }

  #turnOf(caller: string): Promise<void> | undefined {
    if (!this.#isTaken) {
      this.#isTaken = true;
      return undefined;
    }
    const queue = this.#queues.get(caller) ?? [];
    if (queue.length >= this.#limit) {
      throw new Failure('tpm-busy', `${queue.length} pieces of ${caller} wait for the TPM already`);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queues.set(caller, [...queue, resolve]);
    return promise;
  }

  #pass(): void {
    const [next] = this.#queues;
    if (next === undefined) {
      this.#isTaken = false;
      return;
    }
    const [caller, [turn, ...rest]] = next;
    this.#queues.delete(caller);
    if (rest.length > 0) this.#queues.set(caller, rest); // behind all others
    turn?.();
  }
}
