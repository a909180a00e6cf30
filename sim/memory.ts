/**
 * The memory of a process, for a machine that is put back with it: all that its state machine was
 * handed since it started. Handed to another one that starts on the same records, at the same
 * readings of the clocks, it makes the same memory again.
 */

import type { Instant } from '../core/time.ts';
import type { Input } from '../federation/input.ts';
import { FederationNode, type NodeOptions } from '../federation/node.ts';

export class Memory {
  readonly #start: NodeOptions;
  readonly #heard: { readonly now: Instant; readonly input: Input }[] = [];

  constructor(start: NodeOptions) {
    this.#start = { ...start, records: new Map(start.records) };
  }

  /** The state machine was handed this. */
  heard(now: Instant, input: Input): void {
    this.#heard.push({ now, input });
  }

  /** What makes the state machine as it is now, later. */
  image(): () => FederationNode {
    const heard = [...this.#heard];
    return () => {
      const node = new FederationNode(this.#start);
      for (const { now, input } of heard) node.handle(now, input);
      return node;
    };
  }
}
