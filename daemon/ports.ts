/**
 * The outside world as the daemon sees it: everything ambient comes in through here.
 *
 * `daemon/host` implements these for a real machine, `test/fakes` for tests, `sim/` for the
 * simulator. Nothing else in the project reads a clock, draws randomness or opens a file.
 */

import type { BootMs, Instant, UnixMs } from '../core/time.ts';
import type { Assurance } from '../federation/assurance.ts';
import type { GroupScope } from '../federation/lease.ts';

/** Both clocks, and which boot the second belongs to. */
export interface Clock {
  now(): Instant;
  /** The kernel's boot_id: two readings compare only if it is equal. */
  readonly bootId: string;
  /** Calls back once boot time has reached `at` or soon after; returns how to cancel. */
  wakeAt(at: BootMs, callback: () => void): () => void;
}

/** Cryptographic randomness. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** One record to write, or to delete where `value` is null. */
export interface Write {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** The durable records of this daemon. A batch is written whole or not at all, and synced. */
export interface Store {
  load(): Promise<ReadonlyMap<string, Uint8Array>>;
  /** All records as they stand at one moment. */
  snapshot(): Promise<ReadonlyMap<string, Uint8Array>>;
  write(batch: readonly Write[]): Promise<void>;
  close(): Promise<void>;
}

/** Structured logs. Fields hold no secret. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
}
export type LogFields = Readonly<Record<string, string | number | bigint | boolean>>;

/** A neighbour on the network, named by its transport key. The name proves nothing by itself. */
export type PeerName = string;

/** What the handshake established about a peer (PROTOCOL §6.2). */
export interface AdmittedPeer {
  readonly domain: string;
  /** Key id of the node key in the lease. */
  readonly node: string;
  /** Which entries it reads of its own domain; an authority reads every group's. */
  readonly groups: GroupScope;
  /** What its lease says of its machine. */
  readonly assurance: Assurance;
  /** When its lease ends. */
  readonly notAfter: UnixMs;
}

/** What became of a peer's proof: admitted, or, where `admitted` is null, a guest (§6.3). */
export interface Admission {
  readonly admitted: AdmittedPeer | null;
  /** The domain it says it is of, which a guest does not prove; null where it says none. */
  readonly claims: string | null;
}

/** How the handshake left a link. */
export interface LinkTerms extends Admission {
  /** Bits a second that it carries, where they are few: it then has no gossip; else null. */
  readonly bitsPerS: number | null;
}

/** In percent of what a peer may send at once: of sync frames, and of gossip. */
export interface PeerBudget {
  readonly sync: number;
  readonly gossip: number;
}

export type HandshakeRole = 'initiator' | 'responder';

/** What the network asks of and tells to the daemon. */
export interface NetworkHandler {
  /** Our admission proof over the handshake hash; at most `ADMISSION_BYTES_MAX`. */
  prove(role: HandshakeRole, handshakeHash: Uint8Array): Uint8Array;
  /** Judges the peer's proof, inside the handshake; throws a `Refusal` to end it there. */
  admit(role: HandshakeRole, handshakeHash: Uint8Array, proof: Uint8Array): Admission;
  /**
   * A link is up. `binding` is the handshake hash, the same on both sides. With a guest at either
   * end it is of the recovery lane, and `terms.admitted` is null on both.
   */
  peerUp(peer: PeerName, terms: LinkTerms, binding: Uint8Array): void;
  peerDown(peer: PeerName): void;
  /** One frame of `/holdfast/sync/1`. */
  frame(peer: PeerName, bytes: Uint8Array): void;
  /** One gossip message; the verdict decides whether it is forwarded. */
  gossip(peer: PeerName, bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'>;
  /**
   * Answers one request of `/holdfast/desk/1`; `admitted` is null for a guest. A `Refusal` travels
   * as its code.
   */
  desk(peer: PeerName, admitted: AdmittedPeer | null, bytes: Uint8Array): Promise<Uint8Array>;
}

/** How a frame goes, and for how many frames it asks: those cost the peer nothing. */
export interface Sending {
  readonly isUrgent?: boolean;
  readonly asks?: number;
}

/** The transport. It may lose anything it is given; it invents nothing. */
export interface Network {
  /** Multiaddresses this daemon can be dialled at. */
  readonly addresses: readonly string[];
  start(handler: NetworkHandler): Promise<void>;
  /**
   * Queues a frame for a peer that is up; a full queue drops it, and sync repairs that. What is
   * urgent goes before all that waits.
   */
  send(peer: PeerName, frame: Uint8Array, sending?: Sending): void;
  /**
   * Asks a peer that is up one thing, and resolves with its answer; at most `DESK_BYTES_MAX` each.
   * Refuses with the code the peer refused with, or `desk-refused` for one that is not known here;
   * fails `peer-unreachable` and `timed-out`.
   */
  ask(peer: PeerName, request: Uint8Array): Promise<Uint8Array>;
  /** Gossips to all links. */
  publish(message: Uint8Array): void;
  /** Keeps a link to `address` for ever: redials with jitter, replaces dead links. */
  link(address: string): void;
  unlink(address: string): void;
  /** What a peer may still send at once, in percent of each kind. */
  budgetOf(peer: PeerName): PeerBudget;
  /** Ends the links of a peer. It may come again, and its handshake is then judged anew. */
  disconnect(peer: PeerName): void;
  /** Closes the links of a peer that proved to be wrong, and admits none for `BAN_MS`. */
  ban(peer: PeerName): void;
  stop(): Promise<void>;
}
