/** Holds the state of the window, applies messages to it, and says when it is another. */

import type { Message, State } from './model.ts';
import { update } from './update.ts';

/** The one place where the state lives. */
export class StateHolder {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(state: State) {
    this.#state = state;
  }

  readonly current = (): State => this.#state;

  /** Calls back after every change; returns how to stop. */
  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly tell = (message: Message): void => {
    const next = update(this.#state, message);
    if (next === this.#state) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  };
}
