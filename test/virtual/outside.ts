/**
 * Whatever a process asks of its outside: the kernel, other threads, the machine's own timers.
 *
 * The runtime names every such request when it is made. Within virtual time none may be made: its
 * answer would come when it comes. Cryptography names a request also where it is done at once; only
 * what another thread has done comes back, and is caught when it does.
 */

import { createHook } from 'node:async_hooks';

/**
 * What stays inside: ticks, continuations, the immediates that end a turn, and the port to other
 * threads that the locks of libp2p's peer store open once, and at which no thread listens.
 */
const INSIDE: ReadonlySet<string> = new Set([
  ...['PROMISE', 'TickObject', 'Microtask', 'Immediate', 'MESSAGEPORT'],
]);
const CRYPTOGRAPHIC = /REQUEST$/;

/** Notes requests to the outside, until it is disposed of. */
export class Outside implements Disposable {
  /** Those of cryptography, by their number: most are done already. */
  readonly #cryptographic = new Map<number, string>();
  readonly #hook = createHook({
    trackPromises: false,
    init: (id, type) => {
      if (INSIDE.has(type)) return;
      if (CRYPTOGRAPHIC.test(type)) this.#cryptographic.set(id, type);
      else this.#note(type);
    },
    before: (id) => {
      const type = this.#cryptographic.get(id);
      if (type !== undefined) this.#note(type);
    },
    destroy: (id) => this.#cryptographic.delete(id),
  }).enable();
  #asked: Error | null = null;

  /** Throws if anything was asked of the outside. */
  check(): void {
    if (this.#asked !== null) throw this.#asked;
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
  }

  #note(type: string): void {
    this.#asked ??= new Error(`outside of virtual time: ${type}`);
  }
}
