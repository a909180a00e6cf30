/**
 * The network of a node that must not transmit (PROTOCOL §6.6): it opens no socket, so that nothing
 * of this process can be heard, or found by listening. Whatever is new comes by files.
 */

import { Failure } from '../../core/failure.ts';
import type { Network, PeerBudget } from '../ports.ts';

/** A `Network` that nobody is on. */
export class MuteNetwork implements Network {
  readonly addresses: readonly string[] = [];

  async start(): Promise<void> {}

  send(): void {}

  ask(): Promise<Uint8Array> {
    return Promise.reject(new Failure('peer-unreachable', 'this node does not transmit'));
  }

  publish(): void {}

  link(): void {}

  unlink(): void {}

  budgetOf(): PeerBudget {
    return { sync: 100, gossip: 100 };
  }

  disconnect(): void {}

  ban(): void {}

  async stop(): Promise<void> {}
}
