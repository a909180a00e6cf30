/**
 * What a process remembers of the gossip that it had, as gossipsub does: for two minutes at least,
 * in which what comes again is dropped. It ends with the process.
 */

import { MINUTE_MS } from '../core/time.ts';
import type { GossipMessage } from './network.ts';

const TURN_MS = 2 * MINUTE_MS;

export class GossipMemory {
  #young = new Map<string, Uint8Array>();
  #old = new Map<string, Uint8Array>();
  #turnedAt = 0;

  /** The bytes of the message of that id, where one was had lately. */
  had(id: string, now: number): Uint8Array | undefined {
    this.#turn(now);
    return this.#young.get(id) ?? this.#old.get(id);
  }

  keep({ id, bytes }: GossipMessage, now: number): void {
    this.#turn(now);
    this.#young.set(id, bytes);
  }

  #turn(now: number): void {
    if (now - this.#turnedAt <= TURN_MS) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAt = now;
  }
}
