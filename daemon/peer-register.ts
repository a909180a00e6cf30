/**
 * Who is linked, and the network's door to the state machine: handshakes are judged by it, frames
 * and gossip are handed to it.
 */

import { toHex } from '../core/bytes.ts';
import { Failure } from '../core/failure.ts';
import { CONNECTIONS_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import { type BootMs, elapsedMs } from '../core/time.ts';
import { type Lease, scopeOf } from '../federation/lease.ts';
import type { FederationNode } from '../federation/node.ts';
import type { PeerStatus } from './control/views.ts';
import type { Driver } from './driver.ts';
import type {
  Admission,
  AdmittedPeer,
  Clock,
  HandshakeRole,
  LinkTerms,
  NetworkHandler,
  PeerName,
} from './ports.ts';

/** Why a link is of the recovery lane, as far as this side knows. */
interface Shortcoming {
  readonly handshakeHash: Uint8Array;
  /** We had no lease in force. */
  readonly isOurs: boolean;
  /** What the peer showed and we could not admit; null where we did, or it showed nothing. */
  readonly theirs: { readonly role: HandshakeRole; readonly proof: Uint8Array } | null;
}

/** A link, and what came over it. */
interface LinkedPeer {
  readonly admitted: AdmittedPeer;
  readonly bitsPerS: number | null;
  readonly up: BootMs;
  heard: BootMs;
  heardBytes: number;
}

/** Answers one request at the desk; the lease is what its sender proved itself by, if it did. */
export type DeskClerk = (lease: Lease | null, bytes: Uint8Array) => Promise<Uint8Array>;

function shortcomingOf(handshakeHash: Uint8Array): Shortcoming {
  return { handshakeHash, isOurs: false, theirs: null };
}

export class PeerRegister implements NetworkHandler {
  readonly #node: FederationNode;
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #peers = new Map<PeerName, LinkedPeer>();
  /** Those on the recovery lane, and what would end it. */
  readonly #guests = new Map<PeerName, Shortcoming>();
  /** What those who were admitted proved themselves by. */
  readonly #leases = new WeakMap<AdmittedPeer, Lease>();
  readonly #clerk: DeskClerk;
  /** Handshakes that have not ended yet, and may end on that lane; by their hash. */
  readonly #arriving = new Map<string, Shortcoming>();

  constructor(
    node: FederationNode,
    driver: Driver,
    clock: Clock,
    clerk: DeskClerk = async () => {
      throw new Refusal('desk-closed');
    },
  ) {
    this.#clerk = clerk;
    this.#node = node;
    this.#driver = driver;
    this.#clock = clock;
  }

  /** Who is linked. What each may still send, the network knows. */
  get peers(): readonly Omit<PeerStatus, 'budget'>[] {
    const { boot } = this.#clock.now();
    return [...this.#peers]
      .map(([peer, { admitted, up, heard, bitsPerS, heardBytes }]) => {
        const { domain, node, groups } = admitted;
        return {
          ...{ peer, domain, node, bitsPerS, heardBytes },
          class: groups === 'every' ? ('authority' as const) : ('member' as const),
          sinceMs: elapsedMs(up, boot),
          heardMs: elapsedMs(heard, boot),
        };
      })
      .sort((a, b) => (a.peer < b.peer ? -1 : 1));
  }

  /** Nodes of a domain that are linked, authorities first. */
  of(domain: TrustDomain): readonly PeerName[] {
    const rank = ({ groups }: AdmittedPeer): number => (groups === 'every' ? 0 : 1);
    return [...this.#peers]
      .filter(([, { admitted }]) => admitted.domain === domain)
      .sort(([a, { admitted: x }], [b, { admitted: y }]) => rank(x) - rank(y) || (a < b ? -1 : 1))
      .map(([peer]) => peer);
  }

  /** Who is on the recovery lane (PROTOCOL §6.3). */
  get guests(): readonly PeerName[] {
    return [...this.#guests.keys()].sort();
  }

  /**
   * Peers whose link has to be built anew, or for good: their relation has ended, or their lease
   * has, or is revoked; or they are guests whom we would admit by now.
   */
  get displaced(): readonly PeerName[] {
    const now = this.#clock.now();
    const welcome = [...this.#guests]
      .filter(([, shortcoming]) => this.#isMended(shortcoming))
      .map(([peer]) => peer);
    const unwanted = [...this.#peers]
      .filter(([, { admitted }]) => {
        const domain = parseTrustDomain(admitted.domain);
        const { assurance } = admitted;
        const allowed = refusalOf(() => this.#node.checkPeering(now, { domain, assurance }));
        if (allowed instanceof Refusal || this.#node.hasRevoked(domain, admitted.node)) return true;
        return admitted.notAfter <= this.#node.clockOf(domain, now);
      })
      .map(([peer]) => peer);
    return [...welcome, ...unwanted];
  }

  prove(role: HandshakeRole, handshakeHash: Uint8Array): Uint8Array {
    const now = this.#clock.now();
    if (refusalOf(() => this.#node.lease(now)) instanceof Refusal) {
      this.#arrive(handshakeHash, { isOurs: true });
    }
    return this.#node.prove(now, role, handshakeHash);
  }

  admit(role: HandshakeRole, handshakeHash: Uint8Array, proof: Uint8Array): Admission {
    const found = this.#node.receivePeer(this.#clock.now(), role, handshakeHash, proof);
    if (found.kind === 'guest') {
      if (found.claims !== null) this.#arrive(handshakeHash, { theirs: { role, proof } });
      return { admitted: null, claims: found.claims };
    }
    const { domain, node, assurance, notAfter } = found;
    const admitted = { domain, node, groups: scopeOf(found), assurance, notAfter };
    this.#leases.set(admitted, found);
    return { admitted, claims: domain };
  }

  peerUp(peer: PeerName, { admitted, claims, bitsPerS }: LinkTerms, binding: Uint8Array): void {
    if (admitted === null) {
      const handshake = toHex(binding);
      this.#guests.set(peer, this.#arriving.get(handshake) ?? shortcomingOf(binding));
      this.#arriving.delete(handshake);
      const claimed = claims === null ? null : parseTrustDomain(claims);
      void this.#driver.input({ kind: 'peer-up', peer, domain: null, claims: claimed, binding });
      return;
    }
    const { boot: up } = this.#clock.now();
    this.#peers.set(peer, { admitted, bitsPerS, up, heard: up, heardBytes: 0 });
    const domain = parseTrustDomain(admitted.domain);
    const { groups } = admitted;
    void this.#driver.input({
      kind: 'peer-up',
      peer,
      domain,
      groups,
      binding,
      isSlow: bitsPerS !== null,
    });
  }

  peerDown(peer: PeerName): void {
    this.#peers.delete(peer);
    this.#guests.delete(peer);
    void this.#driver.input({ kind: 'peer-down', peer });
  }

  frame(peer: PeerName, bytes: Uint8Array): void {
    this.#hear(peer, bytes);
    void this.#driver.input({ kind: 'frame', peer, bytes });
  }

  async gossip(peer: PeerName, bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'> {
    this.#hear(peer, bytes);
    const verdict = await this.#driver.input({ kind: 'gossip', peer, bytes });
    if (verdict === null) return 'accept';
    // What our own disk could not take is nobody's fault, and is not passed on.
    return verdict instanceof Failure ? 'ignore' : verdict.judgement;
  }

  /** Refuses `desk-closed` where this daemon answers nothing, and what its clerk refuses. */
  desk(_peer: PeerName, admitted: AdmittedPeer | null, bytes: Uint8Array): Promise<Uint8Array> {
    const lease = admitted === null ? null : (this.#leases.get(admitted) ?? null);
    return this.#clerk(lease, bytes);
  }

  #hear(peer: PeerName, { length }: Uint8Array): void {
    const linked = this.#peers.get(peer);
    if (linked === undefined) return;
    linked.heard = this.#clock.now().boot;
    linked.heardBytes += length;
  }

  #arrive(handshakeHash: Uint8Array, lack: Partial<Shortcoming>): void {
    const handshake = toHex(handshakeHash);
    const [oldest] = this.#arriving.keys();
    if (this.#arriving.size >= CONNECTIONS_MAX && oldest !== undefined) {
      this.#arriving.delete(oldest); // its handshake has ended without a link
    }
    const known = this.#arriving.get(handshake) ?? shortcomingOf(handshakeHash);
    this.#arriving.set(handshake, { ...known, ...lack });
  }

  /**
   * True where a lease is in force here by now that was not then, or where the guest's would count
   * now; one that proves to be wrong by now leaves too.
   */
  #isMended({ handshakeHash, isOurs, theirs }: Shortcoming): boolean {
    const now = this.#clock.now();
    if (isOurs) return !(refusalOf(() => this.#node.lease(now)) instanceof Refusal);
    if (theirs === null) return false;
    const { role, proof } = theirs;
    const judged = refusalOf(() => this.#node.receivePeer(now, role, handshakeHash, proof));
    return judged instanceof Refusal || judged.kind !== 'guest';
  }
}
