/**
 * One side of a link: how domains are named on it, what was said, and what is due (PROTOCOL §6.1).
 *
 * What follows from unchanged beliefs is worked out once: a link in a quiet coalition compares the
 * same rows again and again, and a small machine has better uses for its battery.
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { BootMs } from '../core/time.ts';
import type { Belief } from './belief.ts';
import type { GroupScope } from './lease.ts';
import { type SummaryRow, type Tag, tagOf } from './message.ts';
import { type Reading, rowOf, sharedDigest, sharedGroups } from './summary.ts';

/** A node of some domain, and what it reads of that, by its lease (PROTOCOL §6.4). */
export interface Reader {
  readonly domain: TrustDomain;
  readonly groups: GroupScope;
}

/** A peer as its handshake admitted it. */
export interface LinkedPeer extends Reader {
  readonly peer: string;
  /** The handshake hash, the same on both sides. */
  readonly binding: Uint8Array;
}

/** Unknown beacons remembered for each link; beyond, the oldest are forgotten. */
const STRANGERS_MAX = 256;

/** What both peers speak of, and one digest over how it stands. */
interface Shared {
  readonly over: readonly Belief[];
  readonly beliefs: readonly Belief[];
  digest: string | null;
}

/** What one side knows of a link. */
export class PeerLink {
  readonly peer: string;
  /** The row last sent for a domain, so that nothing is said twice. */
  readonly sent = new Map<Tag, string>();
  /** The row last received for a domain. */
  readonly rows = new Map<Tag, SummaryRow>();
  compareAt: BootMs;
  /** Ours were named again since the last comparison. */
  named = false;
  readonly #linked: LinkedPeer;
  readonly #tags = new Map<TrustDomain, Tag>();
  readonly #strangers = new Set<string>();
  #interests: ReadonlySet<Tag> = new Set();
  #shared: Shared | null = null;

  constructor(linked: LinkedPeer, compareAt: BootMs) {
    this.peer = linked.peer;
    this.#linked = linked;
    this.compareAt = compareAt;
  }

  /** Tags the peer named; empty until its interest came. */
  get interests(): ReadonlySet<Tag> {
    return this.#interests;
  }

  set interests(tags: ReadonlySet<Tag>) {
    this.#interests = tags;
    this.#shared = null;
  }

  /** The name of a domain on this link. */
  tag(domain: TrustDomain): Tag {
    const known = this.#tags.get(domain);
    if (known !== undefined) return known;
    const tag = tagOf(domain, this.#linked.binding);
    this.#tags.set(domain, tag);
    return tag;
  }

  /** How the two sides may speak of a domain: all of it, if both are nodes of it. */
  reading({ domain }: Belief, own: Reader): Reading {
    const isOwnNode = domain === own.domain && this.#linked.domain === own.domain;
    const groups = sharedGroups(own.groups, this.#linked.groups);
    return { tag: this.tag(domain), isOwnNode, groups };
  }

  /** Those of `beliefs` that the peer has an interest in. */
  shared(beliefs: readonly Belief[]): readonly Belief[] {
    return this.#sharedOf(beliefs).beliefs;
  }

  /** One digest over the rows of all that is shared. */
  digest(beliefs: readonly Belief[], own: Reader): string {
    const shared = this.#sharedOf(beliefs);
    shared.digest ??= sharedDigest(shared.beliefs.map((b) => rowOf(b, this.reading(b, own))));
    return shared.digest;
  }

  /**
   * Whoever names a tag knows the domain, and so has asked for it: an interest that was lost, or
   * that an older one overtook, must not silence the link.
   */
  showInterest(tag: Tag): void {
    if (!this.#interests.has(tag)) this.interests = new Set([...this.#interests, tag]);
  }

  /** True the first time that the peer relays a tick of a beacon we lack. */
  meetsStranger(beacon: string): boolean {
    if (this.#strangers.has(beacon)) return false;
    const [oldest] = this.#strangers;
    if (this.#strangers.size >= STRANGERS_MAX && oldest !== undefined) {
      this.#strangers.delete(oldest);
    }
    this.#strangers.add(beacon);
    return true;
  }

  #sharedOf(beliefs: readonly Belief[]): Shared {
    if (this.#shared?.over === beliefs) return this.#shared;
    const both = beliefs.filter(({ domain }) => this.#interests.has(this.tag(domain)));
    this.#shared = { over: beliefs, beliefs: both, digest: null };
    return this.#shared;
  }
}
