/** Tells any number of streams that something changed, without a queue: changes run together. */

/** A bell: whoever follows it is woken at least once after each `notify`. */
export class Changes {
  readonly #followers = new Set<() => void>();

  notify(): void {
    for (const wake of this.#followers) wake();
  }

  /** Yields at once, and again after changes, until `signal` aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<void> {
    let isPending = true;
    let wake: (() => void) | undefined;
    const ring = (): void => {
      isPending = true;
      wake?.();
    };
    this.#followers.add(ring);
    signal.addEventListener('abort', ring);
    try {
      while (!signal.aborted) {
        if (isPending) {
          isPending = false;
          yield;
          continue;
        }
        const waiting = Promise.withResolvers<void>();
        wake = waiting.resolve;
        await waiting.promise;
      }
    } finally {
      this.#followers.delete(ring);
      signal.removeEventListener('abort', ring);
    }
  }
}
