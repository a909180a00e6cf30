/**
 * The exchange: what flows between two linked nodes so that they come to agree (PROTOCOL §6.1).
 *
 * On link-up each names its interests; then one summary row per shared domain, and whoever lacks
 * something asks for it. Every frame stands alone, so a lost one costs an interval and nothing
 * else. Gossip may lose anything; this is what makes nodes agree.
 *
 * Reason: what is said on which link, and when, is one machine; its parts would share all state.
 */

import { toUtf8 } from '../core/bytes.ts';
import { sha256 } from '../core/digest.ts';
import {
  QUIET_INTERVAL_MS,
  SLOW_SYNC_INTERVAL_MS,
  SLOW_WANT_TIMEOUT_MS,
  SLOW_WANTS_MAX,
  SYNC_INTERVAL_MS,
  TICK_BATCH_MS,
  TICKS_MAX,
  WANT_BYTES_MAX,
  WANT_TIMEOUT_MS,
  WANTS_MAX,
  WANTS_OPEN_MAX,
} from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { type BootMs, bootMs } from '../core/time.ts';
import type { Belief } from './belief.ts';
import type { Effect } from './effect.ts';
import { encodeFrame, type Frame, type SummaryRow, type Tag, type Want } from './message.ts';
import { type LinkedGuest, type LinkedPeer, PeerLink, type Reader } from './peer-link.ts';
import {
  isAhead,
  missing,
  type Reading,
  RowBook,
  revocationWants,
  rowOf,
  wantsFrom,
} from './summary.ts';
import { encodeTick } from './tick.ts';
import { answersTo } from './want-answer.ts';
import { isOffer, type OpenWant, WantBook } from './want-book.ts';

/**
 * The domains that may be spoken of: our own, and those we relate to; the same array until one of
 * them changes.
 */
export type Beliefs = () => readonly Belief[];

/** All links of one node, what was said on each, and what was asked for. */
export class Exchange {
  readonly #own: Reader;
  readonly #beliefs: Beliefs;
  readonly #links = new Map<string, PeerLink>();
  readonly #wants = new WantBook();
  readonly #rows = new RowBook();
  /** When `wake` has something to do; null where that has to be found out. */
  #dueAt: number | null = null;

  constructor(own: Reader, beliefs: Beliefs) {
    this.#own = own;
    this.#beliefs = beliefs;
  }

  up(linked: LinkedPeer | LinkedGuest, now: BootMs): readonly Effect[] {
    const { peer } = linked;
    const link = new PeerLink(linked, this.#own.domain, timeAfter(SYNC_INTERVAL_MS, peer, now));
    this.#links.set(peer, link);
    this.#dueAt = null;
    return [send(link, { kind: 'interest', tags: this.#tags(link) })];
  }

  down(peer: string): void {
    this.#links.delete(peer);
    this.#dueAt = null;
    this.#wants.down(peer);
  }

  has(peer: string): boolean {
    return this.#links.has(peer);
  }

  /** True for a peer on the recovery lane. */
  isGuest(peer: string): boolean {
    return this.#links.get(peer)?.isGuest === true;
  }

  /** True where both ends of the link are nodes of our own domain, and that is the one named. */
  isFellow(peer: string, domain: TrustDomain): boolean {
    return domain === this.#own.domain && this.#links.get(peer)?.isNodeOf(domain) === true;
  }

  /** Our set of domains changed: name our interests anew, on every link. */
  interestsChanged(): readonly Effect[] {
    return [...this.#links.values()].map((link) =>
      send(link, { kind: 'interest', tags: this.#tags(link) }),
    );
  }

  interest(peer: string, tags: readonly Tag[], now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined) return [];
    // Named again: the peer lacks ours, for a frame may be lost. Once for each comparison.
    const same = tags.length === link.interests.size && tags.every((t) => link.interests.has(t));
    const lacksOurs = same && tags.length > 0 && !link.named;
    if (lacksOurs) link.named = true;
    link.interests = new Set(tags);
    link.sent.clear();
    if (link.isSparse) {
      this.#noteTicks(link, link.shared(this.#beliefs()), now);
      if (link.tickAt !== null) link.tickAt = now; // the first batch waits for nothing
    }
    const ours = lacksOurs ? [send(link, { kind: 'interest', tags: this.#tags(link) })] : [];
    return [...ours, ...this.#sendRows(link, link.shared(this.#beliefs()))];
  }

  digest(peer: string, digest: string, now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined || link.interests.size === 0) return [];
    const beliefs = this.#beliefs();
    if (link.digest(beliefs, this.#own, this.#rows) === digest) {
      this.#compareIn(link, link.hears(digest) ? QUIET_INTERVAL_MS : intervalOf(link), now);
      return [];
    }
    link.sent.clear();
    return this.#sendRows(link, link.shared(beliefs));
  }

  summary(peer: string, rows: readonly SummaryRow[], now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined) return [];
    const effects: Effect[] = [];
    for (const belief of this.#spoken(link)) {
      const row = rows.find((candidate) => candidate.tag === link.tag(belief.domain));
      if (row === undefined) continue;
      link.rows.set(row.tag, row);
      link.showInterest(row.tag);
      const reading = link.reading(belief, this.#own);
      effects.push(...this.#ask(link, belief, now, revocationWants(belief, row, reading)));
      const mine = rowOf(belief, reading);
      const contentsDiffer = mine.beacon === row.beacon && mine.contents !== row.contents;
      if (isAhead(belief, row, reading) || contentsDiffer)
        effects.push(...this.#sendRows(link, [belief]));
    }
    return effects;
  }

  /** Answers wants with what is held and may be read (PROTOCOL §6.4). */
  want(peer: string, wants: readonly Want[]): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined) return [];
    const spoken = this.#spoken(link);
    const effects: Effect[] = [];
    let sizeBytes = 0;
    for (const want of wants) {
      const belief = spoken.find(({ domain }) => link.tag(domain) === want.tag);
      if (belief === undefined) continue;
      link.showInterest(want.tag);
      for (const frame of answersTo(want, belief, link.reading(belief, this.#own))) {
        const answer = send(link, frame);
        sizeBytes += answer.frame.length;
        // What is left is asked for again: one frame must not fill the queue to this peer.
        if (effects.length > 0 && sizeBytes > WANT_BYTES_MAX) return effects;
        effects.push(answer);
      }
    }
    return effects;
  }

  /** A document of this domain was admitted: ask the peer that has more for what comes next. */
  admitted(belief: Belief, peer: string | null, now: BootMs): readonly Effect[] {
    const link = peer === null ? undefined : this.#links.get(peer);
    link?.hasTick(belief);
    if (link === undefined) return [];
    const asked = this.#ask(link, belief, now);
    if (!link.isSlow || asked.length > 0) return asked;
    // Little is asked for at once there: what is whole by now makes room for what is not.
    return link.shared(this.#beliefs()).flatMap((other) => this.#ask(link, other, now));
  }

  /** What we hold of this domain changed: see that those who share it have it, in an interval. */
  changed(belief: Belief, now: BootMs): void {
    for (const link of this.#interested(belief)) {
      if (link.isSparse) this.#noteTicks(link, [belief], now);
      if (link.isSparse && this.#isSettled(link)) continue; // a tick is no difference there
      const intervalMs = intervalOf(link);
      if (link.compareAt > now + intervalMs) this.#compareIn(link, intervalMs, now);
    }
  }

  /** What we hold of this domain changed: tell everybody who has an interest. */
  push(belief: Belief): readonly Effect[] {
    return this.#interested(belief).flatMap((link) => this.#sendRows(link, [belief]));
  }

  /** Sends a stop directly to every interested peer: it must not wait for gossip. */
  pushStop(belief: Belief, stop: Uint8Array): readonly Effect[] {
    return this.#pushFrame(belief, { kind: 'tick', bytes: stop });
  }

  /** Sends a proof against a key directly to every interested peer, before anything else. */
  pushProof(belief: Belief, bytes: Uint8Array): readonly Effect[] {
    return this.#pushFrame(belief, { kind: 'proof', bytes });
  }

  /** Sends revocations directly to every interested peer, as a stop. */
  pushRevocations(belief: Belief, bytes: Uint8Array): readonly Effect[] {
    return this.#pushFrame(belief, { kind: 'envelope', bytes });
  }

  #pushFrame(belief: Belief, frame: Frame): readonly Effect[] {
    return this.#interested(belief).map((link) => ({ ...send(link, frame), isUrgent: true }));
  }

  /** True for a peer that may say what time it is, by his proof or by his answer alone (§4.4). */
  isWitness(peer: string): boolean {
    return this.#links.get(peer)?.isWitnessOf(this.#own.domain) === true;
  }

  /** True while such a peer is linked. */
  get hasWitness(): boolean {
    for (const peer of this.#links.keys()) if (this.isWitness(peer)) return true;
    return false;
  }

  /** What a peer calls the domain on our link, or null without one. */
  tag(peer: string, domain: TrustDomain): Tag | null {
    return this.#links.get(peer)?.tag(domain) ?? null;
  }

  /** Asks every witness what time it is. */
  question(nonce: Uint8Array): readonly Effect[] {
    return [...this.#links.values()]
      .filter(({ peer }) => this.isWitness(peer))
      .map((link) => send(link, { kind: 'question', tag: link.tag(this.#own.domain), nonce }));
  }

  /** Answers the question of a peer. */
  answer(peer: string, tag: Tag, bytes: Uint8Array): Effect {
    const frame = encodeFrame({ kind: 'answer', tag, bytes });
    return { kind: 'send', peer, frame, isUrgent: false };
  }

  #interested(belief: Belief): readonly PeerLink[] {
    return [...this.#links.values()].filter((link) => link.shares(belief.domain));
  }

  /**
   * The peer relays ticks of a beacon that we lack (`beacon` as a tick names it): compare, once for
   * each such beacon, since most are of domains that we do not speak of (PROTOCOL §3.3).
   */
  stranger(peer: string, beacon: string): readonly Effect[] {
    return this.#links.get(peer)?.meetsStranger(beacon) === true ? this.compare(peer) : [];
  }

  /** Compares with a peer that knows more than it said. */
  compare(peer: string): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined || link.interests.size === 0) return [];
    const digest = link.digest(this.#beliefs(), this.#own, this.#rows);
    link.announced(digest);
    return [send(link, { kind: 'digest', digest })];
  }

  /** The comparisons that are due. */
  wake(now: BootMs): readonly Effect[] {
    if (this.#due() > now) return [];
    this.#dueAt = null;
    const effects: Effect[] = this.#wants.overdue(now).flatMap((late) => this.#askOther(late, now));
    for (const link of this.#links.values()) {
      effects.push(...this.#sendTicks(link, now));
      if (link.compareAt > now) continue;
      this.#compareIn(link, intervalOf(link), now);
      link.named = false;
      if (link.interests.size === 0) {
        effects.push(send(link, { kind: 'interest', tags: this.#tags(link) }));
      }
      effects.push(...this.compare(link.peer));
      if (this.#isSettled(link)) this.#compareIn(link, QUIET_INTERVAL_MS, now);
    }
    return effects;
  }

  /** When `wake` has something to do again, in boot time; without end where it never has. */
  wakeAt(): number {
    return this.#due();
  }

  #isSettled(link: PeerLink): boolean {
    return link.isSettled(link.digest(this.#beliefs(), this.#own, this.#rows));
  }

  /** What is news of these on a link without gossip goes out with the next batch. */
  #noteTicks(link: PeerLink, beliefs: readonly Belief[], now: BootMs): void {
    for (const belief of beliefs) link.noteTick(belief);
    if (link.tickAt !== null || link.news.size === 0) return;
    link.tickAt = bootMs(now + TICK_BATCH_MS);
    this.#dueAt = null;
  }

  /** The newest tick of every domain that has one the peer lacks, in as few frames as may be. */
  #sendTicks(link: PeerLink, now: BootMs): readonly Effect[] {
    if (link.tickAt === null || link.tickAt > now) return [];
    link.tickAt = null;
    const ticks: Uint8Array[] = [];
    for (const belief of link.shared(this.#beliefs())) {
      const { domain, beacon, tick, stop } = belief;
      if (!link.news.has(domain) || beacon === null || tick === null || stop !== null) continue;
      ticks.push(encodeTick(beacon.beacon.digest, tick.index, tick.value));
      link.hasTick(belief);
    }
    const frames = Math.ceil(ticks.length / TICKS_MAX);
    return Array.from({ length: frames }, (_, i) =>
      send(link, { kind: 'ticks', ticks: ticks.slice(i * TICKS_MAX, (i + 1) * TICKS_MAX) }),
    );
  }

  #compareIn(link: PeerLink, intervalMs: number, now: BootMs): void {
    link.compareAt = timeAfter(intervalMs, link.peer, now);
    this.#dueAt = null;
  }

  #due(): number {
    if (this.#dueAt !== null) return this.#dueAt;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const { compareAt, tickAt } of this.#links.values()) {
      dueAt = Math.min(dueAt, compareAt, tickAt ?? Number.POSITIVE_INFINITY);
    }
    dueAt = Math.min(dueAt, this.#wants.dueAt());
    this.#dueAt = dueAt;
    return dueAt;
  }

  /** What may be named on this link. */
  #spoken(link: PeerLink): readonly Belief[] {
    return this.#beliefs().filter(({ domain }) => link.speaksOf(domain));
  }

  #tags(link: PeerLink): readonly Tag[] {
    return this.#spoken(link)
      .map(({ domain }) => link.tag(domain))
      .sort();
  }

  #sendRows(link: PeerLink, beliefs: readonly Belief[]): readonly Effect[] {
    const rows = beliefs.map((belief) => rowOf(belief, link.reading(belief, this.#own)));
    const news = rows.filter((row) => link.sent.get(row.tag) !== fingerprint(row));
    for (const row of news) link.sent.set(row.tag, fingerprint(row));
    return news.length === 0 ? [] : [send(link, { kind: 'summary', rows: news })];
  }

  /** Asks for `first`, then for what the newest row shows that we lack. */
  #ask(
    link: PeerLink,
    belief: Belief,
    now: BootMs,
    first: readonly Want[] = [],
  ): readonly Effect[] {
    const fresh = [...first, ...this.#wantsOf(link, belief)]
      .filter((want) => this.#wants.isFree({ ...want, domain: belief.domain, peer: link.peer }))
      .slice(0, Math.min(WANTS_MAX, this.#roomOn(link)));
    return this.#sendWants(link, belief, fresh, now);
  }

  /** A want that was not answered: noted where it was offered, and put to the next who has it. */
  #askOther(late: OpenWant, now: BootMs): readonly Effect[] {
    const { domain, peer, what, argument } = late;
    const refusal = new Refusal('want-unanswered', { domain, what, argument });
    const noted: readonly Effect[] = isOffer(late) ? [{ kind: 'refused', peer, refusal }] : [];
    const belief = this.#beliefs().find((one) => one.domain === domain);
    if (belief === undefined || what === 'revocations') return noted;
    const tried = new Set([...late.tried, peer]);
    const others = this.#interested(belief).filter((link) => !tried.has(link.peer));
    const next = others.find((link) => !this.#wants.owes(link.peer)) ?? others[0];
    if (next === undefined) return noted;
    const want = this.#wantsOf(next, belief).find(
      (one) => one.what === what && one.argument === argument,
    );
    return want === undefined || this.#roomOn(next) === 0
      ? noted
      : [...noted, ...this.#sendWants(next, belief, [want], now, tried)];
  }

  /** What the newest row of the peer shows that we lack. */
  #wantsOf(link: PeerLink, belief: Belief): readonly Want[] {
    const mine = link.reading(belief, this.#own);
    const row = link.rows.get(mine.tag);
    return row === undefined ? ownGaps(belief, mine) : wantsFrom(belief, row, mine);
  }

  #sendWants(
    link: PeerLink,
    { domain }: Belief,
    wants: readonly Want[],
    now: BootMs,
    tried: ReadonlySet<string> = new Set(),
  ): readonly Effect[] {
    if (wants.length === 0) return [];
    const until = bootMs(now + (link.isSlow ? SLOW_WANT_TIMEOUT_MS : WANT_TIMEOUT_MS));
    const { peer } = link;
    for (const { what, argument } of wants) {
      this.#wants.ask({ domain, what, argument, peer, until, tried });
    }
    this.#dueAt = null;
    return [send(link, { kind: 'want', wants })];
  }

  /** How much more may be asked for on a link. */
  #roomOn({ peer, isSlow }: PeerLink): number {
    return this.#wants.roomFor(peer, isSlow ? SLOW_WANTS_MAX : WANTS_OPEN_MAX);
  }

  /** A want was answered: it may be asked again, of anybody. */
  settle(want: Pick<OpenWant, 'domain' | 'what' | 'argument' | 'peer'>): void {
    if (this.#wants.settle(want)) this.#dueAt = null;
  }
}

function ownGaps(belief: Belief, mine: Reading): readonly Want[] {
  return missing(belief, mine).map((gap) => ({
    tag: mine.tag,
    what: gap.what,
    argument: gap.digest,
  }));
}

function send(link: PeerLink, frame: Frame): Effect & { readonly kind: 'send' } {
  return { kind: 'send', peer: link.peer, frame: encodeFrame(frame), isUrgent: false };
}

function fingerprint(row: SummaryRow): string {
  return `${row.rootVersion}/${row.beacon}/${row.tick}/${row.contents}`;
}

/** Until the next comparison of a link on which something may differ. */
function intervalOf({ isSlow }: PeerLink): number {
  return isSlow ? SLOW_SYNC_INTERVAL_MS : SYNC_INTERVAL_MS;
}

/** An interval away, spread over a fifth of it by the peer's own name. */
function timeAfter(intervalMs: number, peer: string, now: BootMs): BootMs {
  const noise = sha256(toUtf8(`${peer}/${now}`))[0] ?? 0;
  return bootMs(Math.round(now + intervalMs * (0.9 + (0.2 * noise) / 256)));
}
