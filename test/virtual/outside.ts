/**
 * Whatever a process asks of its outside: the kernel, other threads, the machine's own timers.
 *
 * The runtime names every such request when it is made. Within virtual time none may be made: its
 * answer would come when it comes. Cryptography makes a request also where it is done at once; only
 * one that another thread answers has somebody to tell once it is done.
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

interface Request {
  readonly made: Error;
  readonly resource: object;
}

/** Notes requests to the outside, until it is disposed of. */
export class Outside implements Disposable {
  #requests: Request[] = [];
  readonly #hook = createHook({
    trackPromises: false,
    init: (_id, type, _trigger, resource) => {
      if (INSIDE.has(type)) return;
      const made = new Error(`outside of virtual time: ${type}`);
      if (CRYPTOGRAPHIC.test(type)) this.#requests.push({ made, resource });
      else this.#asked ??= made;
    },
  }).enable();
  #asked: Error | null = null;

  /** Throws if anything was asked of the outside. */
  check(): void {
    const asked = this.#requests.find(({ resource }) => 'ondone' in resource);
    this.#requests = [];
    if (asked !== undefined) throw asked.made;
    if (this.#asked !== null) throw this.#asked;
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
  }
}
