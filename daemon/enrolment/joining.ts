/**
 * Joining: an enrolment over the network, and the renewal of the lease at half its life, tried
 * again with growing pauses for as long as it takes (PROTOCOL §7.1). What ends is the lease alone.
 *
 * Whoever is linked is asked, nodes of the own domain first; a machine without a lease has guests'
 * links alone. Who answers is judged by what is answered: the fingerprint pins the domain.
 */

import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import { Failure } from '../../core/failure.ts';
import {
  ENROL_APPROVAL_MS_MAX,
  ENROL_RETRY_MS_MAX,
  ENROL_RETRY_MS_MIN,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { bootMs, type UnixMs, unixMs } from '../../core/time.ts';
import { readGroup } from '../../federation/document.ts';
import { type Lease, readLeaseKind } from '../../federation/lease.ts';
import { Members } from '../../federation/members.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { Clock, Log, Network, PeerName, Store } from '../ports.ts';
import { RECORDS } from '../store/key-space.ts';
import type { Applicant, Wish } from './applicant.ts';

export interface JoiningOptions {
  readonly applicant: Applicant;
  readonly node: FederationNode;
  readonly network: Network;
  readonly clock: Clock;
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly log: Log;
  /** Whom to ask, the likeliest first. */
  readonly peers: () => readonly PeerName[];
}

/** What a person asked to join. */
export interface Joined {
  readonly wish: Wish;
  readonly address: string;
  /** Digest of the first Root, as a person compared it. */
  readonly firstRoot: Digest;
}

/** Somebody may set the wall clock while we wait, so no wait is longer than this. */
const LOOK_MS = ENROL_RETRY_MS_MAX;
const ADDRESS_CHARS_MAX = 255;

export class Joining {
  readonly #options: JoiningOptions;
  #joined: Joined | null;
  #pauseMs = ENROL_RETRY_MS_MIN;
  #trouble: Refusal | Failure | null = null;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();
  #cancelWake: () => void = () => undefined;

  constructor(options: JoiningOptions) {
    this.#options = options;
    const record = options.records.get(RECORDS.joining);
    this.#joined = record === undefined ? null : readJoined(record);
  }

  /** Why the last attempt came to nothing; null after one that did not, and before any. */
  get trouble(): Refusal | Failure | null {
    return this.#trouble;
  }

  /** Links to whom a person joined, and begins to ask. */
  open(): void {
    if (this.#joined !== null) this.#options.network.link(this.#joined.address);
    this.#arm(0);
  }

  /** Asks to be a node of the domain that answers at an address, from now on. */
  async join(joined: Joined): Promise<void> {
    const { store, network } = this.#options;
    await store.write([{ key: RECORDS.joining, value: encodeJoined(joined) }]);
    if (this.#joined !== null) network.unlink(this.#joined.address);
    this.#joined = joined;
    network.link(joined.address);
    this.#again();
  }

  /** Somebody new is linked, or the lease is another: looks at once whether there is work. */
  nudge(): void {
    if (this.#trouble instanceof Failure) this.#again();
  }

  /** Ends after the attempt under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelWake();
    await this.#turn;
  }

  #again(): void {
    this.#pauseMs = ENROL_RETRY_MS_MIN;
    this.#arm(0);
  }

  #arm(delayMs: number): void {
    this.#cancelWake();
    if (this.#isClosed) return;
    const { clock } = this.#options;
    this.#cancelWake = clock.wakeAt(bootMs(clock.now().boot + delayMs), () => {
      this.#turn = this.#turn.then(() => this.#look());
    });
  }

  async #look(): Promise<void> {
    const due = this.#due();
    if (due === null) return this.#arm(this.#restMs());
    try {
      await this.#attempt(due);
      this.#trouble = null;
      this.#pauseMs = ENROL_RETRY_MS_MIN;
      this.#arm(ENROL_RETRY_MS_MIN);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
      if (this.#trouble?.code !== error.code) {
        this.#options.log.warn('not enrolled yet', { code: error.code, why: error.message });
      }
      this.#trouble = error;
      const most = error.code === 'enrol-unapproved' ? ENROL_APPROVAL_MS_MAX : ENROL_RETRY_MS_MAX;
      this.#arm(Math.min(this.#pauseMs, most));
      this.#pauseMs = Math.min(2 * this.#pauseMs, most);
    }
  }

  /** How long there is nothing to do: until half the life of the lease, as far as one can look. */
  #restMs(): number {
    const { node, clock } = this.#options;
    const now = clock.now();
    const lease = node.heldLease(now);
    if (lease === null) return LOOK_MS;
    const leftMs = halfLifeOf(lease) - node.clockOf(node.domain, now);
    return Math.min(LOOK_MS, Math.max(ENROL_RETRY_MS_MIN, leftMs));
  }

  /** What to ask for now; null while the lease is in the first half of its life. */
  #due(): Wish | null {
    const { node, clock } = this.#options;
    const now = clock.now();
    const lease = node.heldLease(now);
    if (lease === null) return this.#joined?.wish ?? null;
    const isYoung = node.clockOf(node.domain, now) < halfLifeOf(lease);
    const wish = this.#joined?.wish ?? lease;
    const isAsWished = wish.group === lease.group && wish.kind === lease.kind;
    return isYoung && isAsWished ? null : { group: wish.group, kind: wish.kind };
  }

  /** One enrolment with the first peer that goes along. Throws the last trouble met. */
  async #attempt(wish: Wish): Promise<void> {
    const peers = this.#options.peers();
    let trouble: unknown = new Failure('peer-unreachable', 'nobody is linked who could be asked');
    for (const peer of peers) {
      try {
        return await this.#enrol(peer, wish);
      } catch (error) {
        // One who keeps no desk says less than one who keeps us waiting.
        if (!(error instanceof Refusal && error.code === 'desk-closed')) trouble = error;
      }
    }
    throw trouble;
  }

  async #enrol(peer: PeerName, wish: Wish): Promise<void> {
    const { applicant, network } = this.#options;
    const under = applicant.progress;
    const isSame = under?.wish.group === wish.group && under.wish.kind === wish.kind;
    const request = isSame ? under.request : await applicant.request(wish);
    const challenge = await network.ask(peer, request);
    const answer = await applicant.answer(challenge, this.#joined?.firstRoot ?? null);
    await applicant.install(await network.ask(peer, answer));
  }
}

function halfLifeOf({ issuedAt, notAfter }: Lease): UnixMs {
  return unixMs(Math.floor((issuedAt + notAfter) / 2));
}

function encodeJoined({ wish, address, firstRoot }: Joined): Uint8Array {
  return encodeCanonical({ ...wish, address, firstRoot });
}

function readJoined(record: Uint8Array): Joined {
  const members = new Members(parseCanonical(record), 'joining');
  return {
    wish: { group: readGroup(members), kind: readLeaseKind(members) },
    address: members.text('address', ADDRESS_CHARS_MAX),
    firstRoot: members.digest('firstRoot'),
  };
}
