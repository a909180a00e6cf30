/**
 * One side of a link: how domains are named on it, what was said, and what is due (PROTOCOL §6.1).
 *
 * What follows from unchanged beliefs is worked out once: a link in a quiet coalition compares the
 * same rows again and again, and a small machine has better uses for its battery.
 */

import type { Digest } from '../core/digest.ts';
import { NEWS_SETTLES_MS } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { BootMs } from '../core/time.ts';
import { type Belief, isTickAlone } from './belief.ts';
import type { GroupScope } from './lease.ts';
import { type SummaryRow, type Tag, tagOf } from './message.ts';
import type { RangeId } from './ranges.ts';
import { type SharedBelief, SharedRows } from './shared-rows.ts';
import { type Reading, sharedGroups } from './summary.ts';

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
  /** The link is slow, and has no gossip; said by both sides or by neither. */
  readonly isSlow?: boolean;
}

/** A peer that the handshake admitted to the recovery lane alone (PROTOCOL §6.3). */
export interface LinkedGuest {
  readonly peer: string;
  readonly domain: null;
  /** The domain that it says it is of, unproven: it is spoken to about that one and our own. */
  readonly claims: TrustDomain | null;
  readonly binding: Uint8Array;
}

/** Unknown beacons remembered for each link; beyond, the oldest are forgotten. */
const STRANGERS_MAX = 256;

/** Said again so often, a digest shows that our own was not heard. */
const HEARINGS_MAX = 2;

/** A domain on one link: how it is called, and whether the peer has an interest in it. */
interface Name {
  readonly domain: TrustDomain;
  readonly tag: Tag;
  isShared: boolean;
  /** The row that the peer said last. */
  row: SummaryRow | null;
  /** What we held when that row showed nothing that we lack; null where it may. */
  gapless: Belief | null;
  /** How it may be spoken of, while what we read of our own domain is `groups`. */
  reading: Reading | null;
  groups: GroupScope;
}

/** The newest tick that both sides hold of a domain, as far as one knows. */
interface KnownTick {
  readonly beacon: Digest;
  readonly index: number;
  /** When we gave it, and nothing says that it arrived; null where the peer gave it. */
  readonly givenAt: BootMs | null;
}

/** What both peers speak of, and one digest over how it stands. */
interface Shared {
  /** All that was looked through, by name, and what of it is shared. */
  readonly all: readonly Name[];
  readonly over: readonly Belief[];
  readonly names: readonly Name[];
  readonly beliefs: readonly Belief[];
  digest: string | null;
}

/** What one side knows of a link. */
export class PeerLink {
  readonly peer: string;
  /** The domain of a peer that proved to be of another than ours; else null. */
  readonly foreignDomain: TrustDomain | null;
  /** True for a peer on the recovery lane. */
  readonly isGuest: boolean;
  /** True for a link that has to be spared. */
  readonly isSlow: boolean;
  /** True for a link without gossip, on which ticks go in batches. */
  readonly isSparse: boolean;
  /** The row last sent for a domain, so that nothing is said twice. */
  readonly sent = new Map<Tag, string>();
  /** What the peer said that it lacks of a domain, until it says another row. */
  readonly lacks = new Map<Tag, Set<string>>();
  compareAt: BootMs;
  readonly upAt: BootMs;
  /** Domains whose rows changed and wait to be sent, and until when they wait for each other. */
  readonly waiting = new Set<TrustDomain>();
  rowsAt: BootMs;
  /** When news of ticks goes out, on a link without gossip; null while there is none. */
  tickAt: BootMs | null = null;
  /** We named our interests since the last comparison. */
  hasNamed = false;
  /** The peer named its interests since ours last changed; until then ours are named again. */
  isAnswered = false;
  readonly #linked: LinkedPeer | LinkedGuest;
  readonly #own: TrustDomain;
  readonly #names = new Map<TrustDomain, Name>();
  readonly #ticks = new Map<TrustDomain, KnownTick>();
  readonly #news = new Set<TrustDomain>();
  readonly #strangers = new Set<string>();
  readonly #sums = new Map<Tag, { readonly sum: string; readonly until: BootMs }>();
  /** Since when the rows of the peer show other contents than ours. */
  readonly #differing = new Map<Tag, BootMs>();
  #interests: ReadonlySet<Tag> = new Set();
  #shared: Shared | null = null;
  readonly #sharedRows = new SharedRows();
  /** The digest we sent last, and the one that the peer sent last which was ours too. */
  #announced: string | null = null;
  /** The same, whether or not the peer seems to have heard it. */
  #said: string | null = null;
  #heard: string | null = null;
  #hearings = 0;

  constructor(
    linked: LinkedPeer | LinkedGuest,
    own: TrustDomain,
    at: { readonly upAt: BootMs; readonly compareAt: BootMs },
  ) {
    this.peer = linked.peer;
    this.foreignDomain = linked.domain === own ? null : linked.domain;
    this.isGuest = linked.domain === null;
    this.isSlow = linked.domain !== null && linked.isSlow === true;
    this.isSparse = this.isGuest || this.isSlow;
    this.#linked = linked;
    this.#own = own;
    this.upAt = at.upAt;
    this.rowsAt = at.upAt;
    this.compareAt = at.compareAt;
  }

  /** When something is to be said here: a comparison, rows that waited, news of ticks. */
  get dueAt(): number {
    const rowsDueAt = this.waiting.size === 0 ? Number.POSITIVE_INFINITY : this.rowsAt;
    return Math.min(this.compareAt, rowsDueAt, this.tickAt ?? Number.POSITIVE_INFINITY);
  }

  /** Tags the peer named, in its interest or by speaking of them. */
  get interests(): ReadonlySet<Tag> {
    return this.#interests;
  }

  set interests(tags: ReadonlySet<Tag>) {
    this.#interests = tags;
    this.#shared = null;
    for (const name of this.#names.values()) {
      name.isShared = tags.has(name.tag) && this.speaksOf(name.domain);
    }
  }

  /** True for a peer that may say what time it is in our domain: a node of it, or who may be. */
  isWitnessOf(own: TrustDomain): boolean {
    return this.#linked.domain === own || this.#linked.domain === null;
  }

  /** True for a peer that proved to be a node of the domain. */
  isNodeOf(domain: TrustDomain): boolean {
    return this.#linked.domain === domain;
  }

  /** The tick of this domain is news to the peer, unless it is the one that it has. */
  noteTick({ domain, beacon, tick }: Belief): void {
    if (beacon === null || tick === null) return;
    const known = this.#ticks.get(domain);
    const isKnown = known?.beacon === beacon.beacon.digest && known.index >= tick.index;
    if (!isKnown) this.#news.add(domain);
  }

  /** The peer has this tick: it gave it to us, or we give it now. */
  hasTick({ domain, beacon, tick }: Belief, givenAt: BootMs | null): void {
    if (beacon === null || tick === null) return;
    this.#news.delete(domain);
    this.#ticks.set(domain, { beacon: beacon.beacon.digest, index: tick.index, givenAt });
  }

  /** True where the newest tick was given so long ago, and may have been lost. */
  mayLackTick({ domain, stop }: Belief, before: BootMs): boolean {
    const givenAt = this.#ticks.get(domain)?.givenAt ?? null;
    return stop === null && givenAt !== null && givenAt <= before;
  }

  /** The peer has no tick of this domain, whatever it was given. */
  lacksTick({ domain }: Belief): void {
    this.#ticks.delete(domain);
  }

  /** Domains whose ticks are news to the peer. */
  get news(): ReadonlySet<TrustDomain> {
    return this.#news;
  }

  /** True for a domain that may be named here: any, save with a guest (PROTOCOL §6.3). */
  speaksOf(domain: TrustDomain): boolean {
    const linked = this.#linked;
    return linked.domain !== null || domain === this.#own || domain === linked.claims;
  }

  /** The name of a domain on this link. */
  tag(domain: TrustDomain): Tag {
    return this.#name(domain).tag;
  }

  /** True where the peer has an interest in the domain. */
  shares(domain: TrustDomain): boolean {
    return this.#name(domain).isShared;
  }

  /**
   * How the two sides may speak of a domain: all of it, if both are nodes of it. The same value
   * until we read something else of our own domain.
   */
  reading({ domain }: Belief, own: Reader): Reading {
    return this.#readingOf(this.#name(domain), own);
  }

  /** The row that the peer said last of a domain; null before any. */
  row({ domain }: Belief): SummaryRow | null {
    return this.#name(domain).row;
  }

  /** The peer says a row of a domain; the one that it said before. */
  says({ domain }: Belief, row: SummaryRow): SummaryRow | null {
    const name = this.#name(domain);
    const before = name.row;
    name.row = row;
    name.gapless = null;
    return before;
  }

  /** The row of the peer shows nothing of this that we lack. */
  noteGapless(belief: Belief): void {
    this.#name(belief.domain).gapless = belief;
  }

  /** True where that is so still, for nothing but ticks came since. */
  isGapless(belief: Belief): boolean {
    const { gapless } = this.#name(belief.domain);
    return gapless !== null && isTickAlone(gapless, belief);
  }

  /** Those of `beliefs` that the peer has an interest in. */
  shared(beliefs: readonly Belief[]): readonly Belief[] {
    return this.#sharedOf(beliefs).beliefs;
  }

  /** One digest over the rows of all that is shared. */
  digest(beliefs: readonly Belief[], own: Reader): string {
    const shared = this.#sharedOf(beliefs);
    shared.digest ??= this.#sharedRows.digest(this.#sharedBeliefs(shared, own));
    return shared.digest;
  }

  /** Rows of all that is shared, as a set to be reconciled; rising. */
  rowIds(beliefs: readonly Belief[], own: Reader): readonly RangeId[] {
    return this.#sharedRows.ids(this.#sharedBeliefs(this.#sharedOf(beliefs), own));
  }

  /** True unless this sum over what no manifest of the domain pins was said until a moment ago. */
  maySum(tag: Tag, sum: string, now: BootMs, until: BootMs): boolean {
    const said = this.#sums.get(tag);
    if (said?.sum === sum && now < said.until) return false;
    this.#sums.set(tag, { sum, until });
    return true;
  }

  /** The row of the peer shows that it holds what we hold. */
  agreesOn(tag: Tag): void {
    this.#differing.delete(tag);
  }

  /**
   * True where contents that differ are worth a sum: not on news, since what was withdrawn is told
   * to everybody at once and most of it is on its way, unless they have differed for a while.
   */
  mayWeigh(tag: Tag, isNews: boolean, now: BootMs): boolean {
    const since = this.#differing.get(tag) ?? now;
    this.#differing.set(tag, since);
    return !isNews || now - since >= NEWS_SETTLES_MS;
  }

  /** We say this digest to the peer. */
  announced(digest: string): void {
    this.#announced = digest;
    this.#said = digest;
    this.#hearings = 0;
  }

  /** The peer says this digest, ours too. Too often, and it seems not to have heard us. */
  hears(digest: string): void {
    this.#hearings = this.#heard === digest ? this.#hearings + 1 : 1;
    this.#heard = digest;
    if (this.#announced === digest && this.#hearings > HEARINGS_MAX) this.#announced = null;
  }

  /** True for the digest we sent last: who repeats it to us is not answered again and again. */
  hasSaid(digest: string): boolean {
    return this.#said === digest;
  }

  /** True when both have said this digest: while it is ours there is nothing to compare. */
  isSettled(digest: string): boolean {
    return this.isAnswered && this.#announced === digest && this.#heard === digest;
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

  #name(domain: TrustDomain): Name {
    let name = this.#names.get(domain);
    if (name === undefined) {
      const tag = tagOf(domain, this.#linked.binding);
      const isShared = this.#interests.has(tag) && this.speaksOf(domain);
      name = { domain, tag, isShared, row: null, gapless: null, reading: null, groups: 'none' };
      this.#names.set(domain, name);
    }
    return name;
  }

  #readingOf(name: Name, own: Reader): Reading {
    const { groups } = own;
    if (name.reading === null || name.groups !== groups) {
      name.reading = this.#read(name, own);
      name.groups = groups;
      name.gapless = null;
    }
    return name.reading;
  }

  #read({ domain, tag }: Name, own: Reader): Reading {
    const linked = this.#linked;
    const { isSparse } = this;
    if (linked.domain === null) {
      return { tag, isGuest: true, isSparse, isOwnNode: false, groups: 'none' };
    }
    const isOwnNode = domain === own.domain && linked.domain === own.domain;
    const groups = sharedGroups(own.groups, linked.groups);
    return { tag, isGuest: false, isSparse, isOwnNode, groups };
  }

  #sharedBeliefs({ names, beliefs }: Shared, own: Reader): readonly SharedBelief[] {
    const shared: SharedBelief[] = [];
    for (const [i, belief] of beliefs.entries()) {
      const name = names[i];
      if (name !== undefined) shared.push({ belief, reading: this.#readingOf(name, own) });
    }
    return shared;
  }

  #sharedOf(beliefs: readonly Belief[]): Shared {
    const last = this.#shared;
    if (last?.over === beliefs) return last;
    // Ticks change beliefs all the time, and hardly ever of whom they are.
    const isOfSame =
      last?.all.length === beliefs.length &&
      last.all.every(({ domain }, i) => domain === beliefs[i]?.domain);
    const all = isOfSame ? last.all : beliefs.map(({ domain }) => this.#name(domain));
    const names = isOfSame ? last.names : all.filter(({ isShared }) => isShared);
    const both = beliefs.filter((_, i) => all[i]?.isShared);
    this.#shared = { all, over: beliefs, names, beliefs: both, digest: null };
    return this.#shared;
  }
}
