/**
 * The network of a daemon that is still starting: libp2p is loaded when it is started, not before.
 *
 * Loading it takes as long as everything else together and holds up the loop meanwhile. A machine
 * that boots without a network needs its identities first, so those workloads that waited for the
 * daemon have the loop for themselves for a moment. What is sent before the start is lost, as a
 * network may lose anything.
 */

import { assert } from '../../core/assert.ts';
import { bootMs } from '../../core/time.ts';
import type { Clock, Network, NetworkHandler, PeerBudget, PeerName, Sending } from '../ports.ts';
import type { NetworkOptions } from './libp2p-network.ts';

/** Enough for a connection, its attestation and its answer. */
const WORKLOADS_FIRST_MS = 50;

/** A `Network` on libp2p. `start` refuses and fails as that of `libp2p-network.ts` does. */
export class LateNetwork implements Network {
  readonly #options: NetworkOptions;
  #network: Network | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  get addresses(): readonly string[] {
    return this.#network?.addresses ?? [];
  }

  async start(handler: NetworkHandler): Promise<void> {
    await pause(this.#options.clock, WORKLOADS_FIRST_MS);
    const { createLibp2pNetwork } = await import('./libp2p-network.ts');
    this.#network = createLibp2pNetwork(this.#options);
    await this.#network.start(handler);
  }

  send(peer: PeerName, frame: Uint8Array, sending: Sending = {}): void {
    this.#network?.send(peer, frame, sending);
  }

  ask(peer: PeerName, request: Uint8Array): Promise<Uint8Array> {
    return this.#started().ask(peer, request);
  }

  publish(message: Uint8Array): void {
    this.#network?.publish(message);
  }

  link(address: string): void {
    this.#started().link(address);
  }

  unlink(address: string): void {
    this.#started().unlink(address);
  }

  budgetOf(peer: PeerName): PeerBudget {
    return this.#network?.budgetOf(peer) ?? { sync: 100, gossip: 100 };
  }

  disconnect(peer: PeerName): void {
    this.#network?.disconnect(peer);
  }

  ban(peer: PeerName): void {
    this.#network?.ban(peer);
  }

  async stop(): Promise<void> {
    await this.#network?.stop();
  }

  #started(): Network {
    assert(this.#network !== undefined, 'a network is used after its start');
    return this.#network;
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.wakeAt(bootMs(clock.now().boot + ms), resolve);
  });
}
