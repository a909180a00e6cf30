/**
 * Tells any number of streams that something changed, without a queue of changes: they run
 * together.
 *
 * A few streams are woken at once. Many are woken in batches, all within `MASS_UPDATE_MS`: each
 * woken stream costs work here and a handshake with new certificates elsewhere, and a thousand at
 * one moment would make everybody wait for the last (Workload API §5.1 asks for such a spread).
 */

import { MASS_UPDATE_MS } from '../../core/limits.ts';
import { bootMs } from '../../core/time.ts';
import type { Clock } from '../ports.ts';

/** Streams that are woken together, where there are not too many for that. */
const BATCH = 32;
const STEP_MS = 25;
/** Some of the time is left for the work itself. */
const STEPS_MAX = Math.floor((0.8 * MASS_UPDATE_MS) / STEP_MS);

/** A bell: whoever follows it is woken at least once after each `notify`. */
export class Changes {
  readonly #clock: Clock;
  readonly #followers = new Set<() => void>();
  /** Who is still to be woken, in the order of their coming. */
  readonly #due = new Set<() => void>();
  #batch = BATCH;
  #cancelStep: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    for (const wake of this.#followers) this.#due.add(wake);
    this.#batch = Math.max(BATCH, Math.ceil(this.#due.size / STEPS_MAX));
    if (this.#cancelStep === undefined) this.#wakeBatch();
  }

  /** Calls `wake` after changes, until the function it returns is called. */
  follow(wake: () => void): () => void {
    const follower = (): void => wake(); // each its own, should one function follow twice
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
      this.#due.delete(follower);
    };
  }

  /** Leaves the rest asleep. */
  close(): void {
    this.#cancelStep?.();
    this.#cancelStep = undefined;
    this.#due.clear();
  }

  #wakeBatch(): void {
    this.#cancelStep = undefined;
    for (const wake of [...this.#due].slice(0, this.#batch)) {
      this.#due.delete(wake);
      wake();
    }
    if (this.#due.size === 0) return;
    const next = bootMs(this.#clock.now().boot + STEP_MS);
    this.#cancelStep = this.#clock.wakeAt(next, () => this.#wakeBatch());
  }
}
