/**
 * Who is linked, and the network's door to the state machine: handshakes are judged by it, frames
 * and gossip are handed to it.
 */

import { Failure } from '../core/failure.ts';
import { Refusal } from '../core/refusal.ts';
import { parseTrustDomain } from '../core/spiffe-id.ts';
import { type BootMs, elapsedMs } from '../core/time.ts';
import { scopeOf } from '../federation/lease.ts';
import type { FederationNode } from '../federation/node.ts';
import type { PeerStatus } from './control/protocol.ts';
import type { Driver } from './driver.ts';
import type { AdmittedPeer, Clock, HandshakeRole, NetworkHandler, PeerName } from './ports.ts';

export class PeerRegister implements NetworkHandler {
  readonly #node: FederationNode;
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #peers = new Map<PeerName, { readonly admitted: AdmittedPeer; readonly up: BootMs }>();

  constructor(node: FederationNode, driver: Driver, clock: Clock) {
    this.#node = node;
    this.#driver = driver;
    this.#clock = clock;
  }

  get peers(): readonly PeerStatus[] {
    const { boot } = this.#clock.now();
    return [...this.#peers]
      .map(([peer, { admitted, up }]) => {
        const { domain, node } = admitted;
        return { peer, domain, node, sinceMs: elapsedMs(up, boot) };
      })
      .sort((a, b) => (a.peer < b.peer ? -1 : 1));
  }

  /** Peers still linked whose relation has ended, or whose leases have, or are revoked. */
  get displaced(): readonly PeerName[] {
    const now = this.#clock.now();
    return [...this.#peers]
      .filter(([, { admitted }]) => {
        const domain = parseTrustDomain(admitted.domain);
        if (!this.#node.hasPlaceFor(domain) || this.#node.hasRevoked(domain, admitted.node)) {
          return true;
        }
        return admitted.notAfter <= this.#node.clockOf(domain, now);
      })
      .map(([peer]) => peer);
  }

  prove(role: HandshakeRole, handshakeHash: Uint8Array): Uint8Array {
    return this.#node.prove(this.#clock.now(), role, handshakeHash);
  }

  admit(role: HandshakeRole, handshakeHash: Uint8Array, proof: Uint8Array): AdmittedPeer {
    const lease = this.#node.judgePeer(this.#clock.now(), role, handshakeHash, proof);
    const { domain, node, notAfter } = lease;
    return { domain, node, groups: scopeOf(lease), notAfter };
  }

  peerUp(peer: PeerName, admitted: AdmittedPeer, binding: Uint8Array): void {
    this.#peers.set(peer, { admitted, up: this.#clock.now().boot });
    const domain = parseTrustDomain(admitted.domain);
    const { groups } = admitted;
    void this.#driver.input({ kind: 'peer-up', peer, domain, groups, binding });
  }

  peerDown(peer: PeerName): void {
    this.#peers.delete(peer);
    void this.#driver.input({ kind: 'peer-down', peer });
  }

  frame(peer: PeerName, bytes: Uint8Array): void {
    void this.#driver.input({ kind: 'frame', peer, bytes });
  }

  async gossip(peer: PeerName, bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'> {
    const verdict = await this.#driver.input({ kind: 'gossip', peer, bytes });
    if (verdict === null) return 'accept';
    // What our own disk could not take is nobody's fault, and is not passed on.
    return verdict instanceof Failure ? 'ignore' : verdict.judgement;
  }

  /** Nothing is asked of this daemon yet. Refuses `desk-closed`. */
  async desk(): Promise<Uint8Array> {
    throw new Refusal('desk-closed');
  }
}
