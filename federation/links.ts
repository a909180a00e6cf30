/**
 * The links of one node: who is on them, which domain is meant by a tag, and what both sides read
 * of it (PROTOCOL §6.1, §6.4). What is said on them stands in `exchange.ts`, `telling.ts` and
 * `comparing.ts`; what one side knows of one link, in `peer-link.ts`.
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { BootMs } from '../core/time.ts';
import type { Belief } from './belief.ts';
import type { Tag } from './message.ts';
import type { PeerLink, Reader } from './peer-link.ts';
import type { RangeId } from './ranges.ts';
import type { Reading } from './summary.ts';

/**
 * The domains that may be spoken of: our own, and those we relate to; the same array until one of
 * them changes.
 */
export type Spoken = () => readonly Belief[];

/** All links of one node. */
export class Links {
  readonly own: Reader;
  readonly spoken: Spoken;
  readonly #links = new Map<string, PeerLink>();
  /** The same as a list, and what kinds are among them: asked for at every step. */
  #all: readonly PeerLink[] = [];
  #hasWitness = false;
  #hasSparse = false;
  /** Who has an interest in a domain: asked at every tick, and the same until a peer says more. */
  readonly #interested = new Map<TrustDomain, readonly PeerLink[]>();
  /** When something is to be said on each of these: no link is looked at before. */
  #dueAts = new Float64Array();
  /** The first of them; null where that has to be found out. */
  #dueAt: number | null = null;

  constructor(own: Reader, spoken: Spoken) {
    this.own = own;
    this.spoken = spoken;
  }

  add(link: PeerLink): void {
    this.#links.set(link.peer, link);
    this.#linked();
  }

  remove(peer: string): void {
    this.#links.delete(peer);
    this.#linked();
  }

  /** The link of a peer, unless it ended. */
  of(peer: string): PeerLink | undefined {
    return this.#links.get(peer);
  }

  all(): readonly PeerLink[] {
    return this.#all;
  }

  /** True where both ends of the link are nodes of our own domain, and that is the one named. */
  isFellow(peer: string, domain: TrustDomain): boolean {
    return domain === this.own.domain && this.#links.get(peer)?.isNodeOf(domain) === true;
  }

  /** The links with nodes of our own domain. */
  fellows(): readonly PeerLink[] {
    return this.all().filter((link) => link.isNodeOf(this.own.domain));
  }

  /** Those whose peer may say what time it is, by his proof or by his answer alone (§4.4). */
  witnesses(): readonly PeerLink[] {
    return this.all().filter((link) => link.isWitnessOf(this.own.domain));
  }

  isWitness(peer: string): boolean {
    return this.#links.get(peer)?.isWitnessOf(this.own.domain) === true;
  }

  /** True while such a peer is linked. */
  get hasWitness(): boolean {
    return this.#hasWitness;
  }

  /** True while there is a link without gossip. */
  get hasSparse(): boolean {
    return this.#hasSparse;
  }

  /** Those whose peer has an interest in the domain. */
  interestedIn({ domain }: Belief): readonly PeerLink[] {
    const known = this.#interested.get(domain);
    if (known !== undefined) return known;
    const interested = this.all().filter((link) => link.shares(domain));
    this.#interested.set(domain, interested);
    return interested;
  }

  /** The peer names what it has an interest in. */
  nameInterests(link: PeerLink, tags: ReadonlySet<Tag>): void {
    link.interests = tags;
    this.#interested.clear();
  }

  /**
   * Whoever names a tag knows the domain, and so has asked for it: an interest that was lost, or
   * that an older one overtook, must not silence the link.
   */
  showInterest(link: PeerLink, tag: Tag): void {
    if (!link.interests.has(tag)) this.nameInterests(link, new Set([...link.interests, tag]));
  }

  /** What a peer calls the domain on our link, or null without one. */
  tag(peer: string, domain: TrustDomain): Tag | null {
    return this.#links.get(peer)?.tag(domain) ?? null;
  }

  /** What may be named on this link. */
  spokenOn(link: PeerLink): readonly Belief[] {
    return this.spoken().filter(({ domain }) => link.speaksOf(domain));
  }

  /** What the peer calls so, where it may be named. */
  named(link: PeerLink, tag: Tag): Belief | undefined {
    return this.spoken().find(({ domain }) => link.speaksOf(domain) && link.tag(domain) === tag);
  }

  /** The names of all that may be named on this link. */
  tagsOn(link: PeerLink): readonly Tag[] {
    return this.spokenOn(link)
      .map(({ domain }) => link.tag(domain))
      .sort();
  }

  /** What both sides speak of. */
  shared(link: PeerLink): readonly Belief[] {
    return link.shared(this.spoken());
  }

  /** How the two sides may speak of a domain. */
  reading(link: PeerLink, belief: Belief): Reading {
    return link.reading(belief, this.own);
  }

  /** One digest over the rows of all that is shared. */
  digest(link: PeerLink): string {
    return link.digest(this.spoken(), this.own);
  }

  /** Rows of all that is shared, as a set to be reconciled; rising. */
  rowIds(link: PeerLink): readonly RangeId[] {
    return link.rowIds(this.spoken(), this.own);
  }

  /** True when both sides have said the digest of what they hold now. */
  isSettled(link: PeerLink): boolean {
    return link.isSettled(this.digest(link));
  }

  /** A moment at which something is to be said on this link is another than it was. */
  rescheduled(link: PeerLink): void {
    const place = this.#all.indexOf(link);
    if (place < 0) return;
    this.#dueAts[place] = link.dueAt;
    this.#dueAt = null;
  }

  /** The links on which something is to be said by now. */
  due(now: BootMs): readonly PeerLink[] {
    return this.#all.filter((_, place) => (this.#dueAts[place] ?? 0) <= now);
  }

  /** When something is to be said on one of them; without end where nothing is. */
  dueAt(): number {
    this.#dueAt ??= Math.min(...this.#dueAts);
    return this.#dueAt;
  }

  /** Another link is there than was. */
  #linked(): void {
    this.#all = [...this.#links.values()];
    this.#interested.clear();
    this.#hasWitness = this.witnesses().length > 0;
    this.#hasSparse = this.#all.some(({ isSparse }) => isSparse);
    this.#dueAts = Float64Array.from(this.#all, (link) => link.dueAt);
    this.#dueAt = null;
  }
}
