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
import { type Digest, sha256 } from '../core/digest.ts';
import {
  QUIET_INTERVAL_MS,
  ROWS_AT_ONCE_MAX,
  ROWS_PAUSE_MS,
  SLOW_SYNC_INTERVAL_MS,
  SYNC_INTERVAL_MS,
  TICK_BATCH_MS,
  TICKS_MAX,
  WANT_BYTES_MAX,
  WANT_TIMEOUT_MS,
} from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { type BootMs, bootMs } from '../core/time.ts';
import { Asking, answerMs, type Beliefs, send, sendWants } from './asking.ts';
import { type Belief, isWhole } from './belief.ts';
import type { Effect } from './effect.ts';
import {
  encodeFrame,
  type Frame,
  NO_TAG,
  type SummaryRow,
  type Tag,
  type Want,
} from './message.ts';
import { Partings } from './partings.ts';
import { type LinkedGuest, type LinkedPeer, PeerLink, type Reader } from './peer-link.ts';
import { noteOf, partsOf, type RangeNote, reconcile } from './ranges.ts';
import {
  isAhead,
  mayDifferUnpinned,
  missing,
  RowBook,
  rowOf,
  tagOfRow,
  unpinnedIds,
  wantsFrom,
} from './summary.ts';
import { encodeTick } from './tick.ts';
import { answersTo, unpinnedOf } from './want-answer.ts';
import type { Asked } from './want-book.ts';

/** All links of one node, and what was said on each. */
export class Exchange {
  readonly #own: Reader;
  readonly #beliefs: Beliefs;
  readonly #links = new Map<string, PeerLink>();
  readonly #asking: Asking;
  readonly #rows = new RowBook();
  readonly #partings = new Partings();
  /** When `wake` has something to do; null where that has to be found out. */
  #dueAt: number | null = null;

  constructor(own: Reader, beliefs: Beliefs) {
    this.#own = own;
    this.#beliefs = beliefs;
    this.#asking = new Asking(own, beliefs, this.#links);
  }

  up(linked: LinkedPeer | LinkedGuest, now: BootMs): readonly Effect[] {
    const { peer } = linked;
    const compareAt = timeAfter(SYNC_INTERVAL_MS, peer, now);
    const link = new PeerLink(linked, this.#own.domain, { upAt: now, compareAt });
    this.#links.set(peer, link);
    this.#dueAt = null;
    return [this.#nameInterests(link), ...this.#newsFor(link)];
  }

  /** What a peer that comes back missed, at once: not where every byte is asked for first. */
  #newsFor(link: PeerLink): readonly Effect[] {
    const news = this.#partings.newsFor(link.peer, this.#spoken(link));
    return link.isSparse ? [] : withinBounds(news.map((frame) => send(link, frame)));
  }

  down(peer: string): void {
    const link = this.#links.get(peer);
    if (link !== undefined) this.#partings.note(peer, link.shared(this.#beliefs()));
    this.#links.delete(peer);
    this.#dueAt = null;
    this.#asking.down(peer);
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
    return [...this.#links.values()].map((link) => {
      link.isAnswered = false;
      return this.#nameInterests(link);
    });
  }

  interest(peer: string, tags: readonly Tag[], now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined) return [];
    // Whoever is linked here shares a domain with us: one that names none is of a link before this.
    if (!this.#tags(link).some((tag) => tags.includes(tag))) return [];
    link.interests = new Set(tags);
    link.isAnswered = true;
    link.sent.clear();
    if (link.isSparse) {
      this.#noteTicks(link, link.shared(this.#beliefs()), now);
      if (link.tickAt !== null) link.tickAt = now; // the first batch waits for nothing
    }
    // Who names its interests may lack ours, for a frame may be lost. Once for each comparison.
    const ours = link.hasNamed ? [] : [this.#nameInterests(link)];
    const shared = link.shared(this.#beliefs());
    // Most of what was said on a link before is still so: many rows are compared before they go.
    const first =
      shared.length > ROWS_AT_ONCE_MAX ? this.compare(peer) : this.#sendRows(link, shared);
    return [...ours, ...first];
  }

  digest(peer: string, digest: string, now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined || link.interests.size === 0) return [];
    const beliefs = this.#beliefs();
    if (link.digest(beliefs, this.#own, this.#rows) === digest) {
      this.#compareIn(link, link.hears(digest) ? QUIET_INTERVAL_MS : intervalOf(link), now);
      return [];
    }
    if (link.shared(beliefs).length > ROWS_AT_ONCE_MAX) {
      const notes = partsOf(link.rowIds(beliefs, this.#own, this.#rows));
      return [send(link, { kind: 'ranges', tag: NO_TAG, notes })];
    }
    link.sent.clear();
    return this.#sendRows(link, link.shared(beliefs));
  }

  /** What a peer says of ranges: of the rows of the link, or of what a domain has unpinned. */
  ranges(peer: string, tag: Tag, notes: readonly RangeNote[], now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined) return [];
    if (tag === NO_TAG) return this.#rowRanges(link, notes);
    const belief = this.#spoken(link).find(({ domain }) => link.tag(domain) === tag);
    if (belief === undefined) return [];
    link.showInterest(tag);
    const mine = link.reading(belief, this.#own);
    const { notes: answer, lacking, surplus } = reconcile(unpinnedIds(belief, mine), notes);
    const given = surplus.flatMap((id) => unpinnedOf(belief, id, mine));
    const wants = lacking.map((id): Want => ({ tag, what: 'unpinned', argument: id }));
    return [
      ...withinBounds(given.map((frame) => ({ ...send(link, frame), isUrgent: true }))),
      ...sendWants(link, this.#asking.ask(link, belief, now, wants)),
      ...(answer.length === 0 ? [] : [send(link, { kind: 'ranges', tag, notes: answer })]),
    ];
  }

  #rowRanges(link: PeerLink, notes: readonly RangeNote[]): readonly Effect[] {
    const mine = link.rowIds(this.#beliefs(), this.#own, this.#rows);
    const { notes: answer, lacking, surplus } = reconcile(mine, notes);
    const tags = new Set([...lacking, ...surplus].map(tagOfRow));
    const differing = this.#spoken(link).filter(({ domain }) => tags.has(link.tag(domain)));
    for (const { domain } of differing) {
      const tag = link.tag(domain);
      link.showInterest(tag);
      link.sent.delete(tag);
    }
    const said =
      answer.length === 0 ? [] : [send(link, { kind: 'ranges', tag: NO_TAG, notes: answer })];
    return [...said, ...this.#sendRows(link, differing)];
  }

  summary(peer: string, rows: readonly SummaryRow[], now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined) return [];
    const sums: Effect[] = [];
    const wants: Want[] = [];
    const behind: Belief[] = [];
    for (const belief of this.#spoken(link)) {
      const row = rows.find((candidate) => candidate.tag === link.tag(belief.domain));
      if (row === undefined) continue;
      const before = link.rows.get(row.tag);
      link.rows.set(row.tag, row);
      link.lacks.delete(row.tag);
      link.showInterest(row.tag);
      // Who comes to hold a beacon could use no tick of it that came before.
      const isNew = before !== undefined && before.beacon !== row.beacon;
      if (link.isSparse && isNew && belief.beacon?.beacon.digest === row.beacon) {
        link.lacksTick(belief);
        this.#noteTicks(link, [belief], now);
      }
      const reading = link.reading(belief, this.#own);
      if (mayDifferUnpinned(belief, row, reading)) sums.push(...this.#sum(link, belief, now));
      wants.push(...this.#asking.ask(link, belief, now));
      const mine = rowOf(belief, reading);
      const contentsDiffer = mine.beacon === row.beacon && mine.contents !== row.contents;
      if (isAhead(belief, row, reading) || contentsDiffer) behind.push(belief);
    }
    return [...sums, ...sendWants(link, wants), ...this.#sendRows(link, behind)];
  }

  /** Answers wants with what is held and may be read (PROTOCOL §6.4). */
  want(peer: string, wants: readonly Want[]): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined) return [];
    const spoken = this.#spoken(link);
    const lacking: Want[] = [];
    const answers = wants.flatMap((want) => {
      const belief = spoken.find(({ domain }) => link.tag(domain) === want.tag);
      if (belief === undefined) return [];
      link.showInterest(want.tag);
      const isUrgent = want.what === 'unpinned';
      const frames = answersTo(want, belief, link.reading(belief, this.#own));
      if (frames.length === 0) lacking.push(want);
      return frames.map((frame) => ({ ...send(link, frame), isUrgent }));
    });
    const said = lacking.length === 0 ? [] : [send(link, { kind: 'lack', wants: lacking })];
    return [...withinBounds(answers), ...said];
  }

  /** The peer has not what it was asked for: another one may, and it has room for more wants. */
  lack(peer: string, wants: readonly Want[], now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    if (link === undefined) return [];
    const effects: Effect[] = [];
    for (const want of wants) {
      const belief = this.#spoken(link).find(({ domain }) => link.tag(domain) === want.tag);
      if (belief !== undefined) effects.push(...this.#asking.lacked(link, belief, want, now));
    }
    return [...effects, ...sendWants(link, this.#askNext(link, now))];
  }

  /** A document of this domain was admitted: ask the peer that has more for what comes next. */
  admitted(belief: Belief, peer: string | null, now: BootMs): readonly Effect[] {
    const link = peer === null ? undefined : this.#links.get(peer);
    link?.hasTick(belief);
    if (link === undefined) return [];
    const asked = this.#asking.ask(link, belief, now);
    return sendWants(link, asked.length > 0 ? asked : this.#askNext(link, now));
  }

  /** Little is asked for at once on a slow link: what is settled makes room for what is not. */
  #askNext(link: PeerLink, now: BootMs): readonly Want[] {
    if (!link.isSlow) return [];
    return link.shared(this.#beliefs()).flatMap((other) => this.#asking.ask(link, other, now));
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
  push(belief: Belief, now: BootMs): readonly Effect[] {
    return this.#interested(belief).flatMap((link) => {
      link.waiting.add(belief.domain);
      return this.#sendWaiting(link, now);
    });
  }

  /** Rows that changed: at once, and together where others went out a moment ago. */
  #sendWaiting(link: PeerLink, now: BootMs): readonly Effect[] {
    this.#dueAt = null;
    if (link.waiting.size === 0 || now < link.rowsAt) return [];
    link.rowsAt = bootMs(now + ROWS_PAUSE_MS);
    const changed = link.shared(this.#beliefs()).filter(({ domain }) => link.waiting.has(domain));
    link.waiting.clear();
    return this.#sendRows(link, changed);
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

  /**
   * True once some peer has told what it holds of this domain of ours, and has given us what we
   * lack of it: by the recovery lane what it may, by another lane all that both may read.
   */
  isAnswered(own: Belief, now: BootMs): boolean {
    return [...this.#links.values()].some((link) => {
      const reading = link.reading(own, this.#own);
      const row = link.rows.get(reading.tag);
      if (row === undefined) return false;
      const isWaiting = wantsFrom(own, row, reading).some((want) => want.what !== 'document');
      if (isWaiting || (link.isGuest && !isWhole(own))) return false;
      // What another group reads is not given to this peer either: it is waited for so long.
      return missing(own, reading).length === 0 || link.upAt + WANT_TIMEOUT_MS / 2 <= now;
    });
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

  /** Asks every node of our own domain whether the standby has taken over. */
  askTurn(nonce: Uint8Array): readonly Effect[] {
    const { domain } = this.#own;
    return [...this.#links.values()]
      .filter((link) => link.isNodeOf(domain))
      .map((link) => send(link, { kind: 'turn', tag: link.tag(domain), nonce }));
  }

  /** Answers the question of a peer. */
  answer(peer: string, tag: Tag, bytes: Uint8Array, kind: 'answer' | 'waiting' = 'answer'): Effect {
    const frame = encodeFrame({ kind, tag, bytes });
    return { kind: 'send', peer, frame, isUrgent: false, asks: 0 };
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
    if (Math.min(this.#due(), this.#asking.dueAt()) > now) return [];
    this.#dueAt = null;
    const effects: Effect[] = [...this.#asking.overdue(now)];
    for (const link of this.#links.values()) {
      effects.push(...this.#sendWaiting(link, now), ...this.#sendTicks(link, now));
      if (link.compareAt > now) continue;
      link.hasNamed = false;
      if (!link.isAnswered) effects.push(this.#nameInterests(link));
      effects.push(...this.compare(link.peer));
      this.#compareIn(link, this.#isSettled(link) ? QUIET_INTERVAL_MS : intervalOf(link), now);
    }
    return effects;
  }

  /** Asks a peer for the beacon that another one names as the one before it. */
  askPast(peer: string, belief: Belief, digest: Digest, now: BootMs): readonly Effect[] {
    const link = this.#links.get(peer);
    return link === undefined ? [] : this.#asking.askPast(link, belief, digest, now);
  }

  /** A want was answered: it may be asked again, of anybody. */
  settle(want: Asked): void {
    this.#asking.settle(want);
  }

  /** When `wake` has something to do again, in boot time; without end where it never has. */
  wakeAt(): number {
    return Math.min(this.#due(), this.#asking.dueAt());
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
    for (const { compareAt, tickAt, rowsAt, waiting } of this.#links.values()) {
      const rowsDueAt = waiting.size === 0 ? Number.POSITIVE_INFINITY : rowsAt;
      dueAt = Math.min(dueAt, compareAt, rowsDueAt, tickAt ?? Number.POSITIVE_INFINITY);
    }
    this.#dueAt = dueAt;
    return dueAt;
  }

  /** What may be named on this link. */
  #spoken(link: PeerLink): readonly Belief[] {
    return this.#beliefs().filter(({ domain }) => link.speaksOf(domain));
  }

  #nameInterests(link: PeerLink): Effect {
    link.hasNamed = true;
    return send(link, { kind: 'interest', tags: this.#tags(link) });
  }

  #tags(link: PeerLink): readonly Tag[] {
    return this.#spoken(link)
      .map(({ domain }) => link.tag(domain))
      .sort();
  }

  #sendRows(link: PeerLink, beliefs: readonly Belief[]): readonly Effect[] {
    for (const { domain } of beliefs) link.waiting.delete(domain);
    const rows = beliefs.map((belief) => rowOf(belief, link.reading(belief, this.#own)));
    const news = rows.filter((row) => link.sent.get(row.tag) !== fingerprint(row));
    for (const row of news) link.sent.set(row.tag, fingerprint(row));
    return news.length === 0 ? [] : [send(link, { kind: 'summary', rows: news })];
  }

  /** Says one sum over what no manifest pins: the peer answers if it holds else. */
  #sum(link: PeerLink, belief: Belief, now: BootMs): readonly Effect[] {
    const tag = link.tag(belief.domain);
    const note = noteOf(unpinnedIds(belief, link.reading(belief, this.#own)));
    const until = bootMs(now + answerMs(link));
    if (!link.maySum(tag, note.sum, now, until)) return [];
    return [send(link, { kind: 'ranges', tag, notes: [note] })];
  }
}

function fingerprint(row: SummaryRow): string {
  return `${row.rootVersion}/${row.beacon}/${row.tick}/${row.contents}`;
}

/** Until the next comparison of a link on which something may differ. */
function intervalOf({ isSlow }: PeerLink): number {
  return isSlow ? SLOW_SYNC_INTERVAL_MS : SYNC_INTERVAL_MS;
}

/** What is left is asked for again: the answers to one frame must not fill the queue to a peer. */
function withinBounds(answers: readonly (Effect & { readonly kind: 'send' })[]): readonly Effect[] {
  let sizeBytes = 0;
  return answers.filter(({ frame }, i) => {
    sizeBytes += frame.length;
    return i === 0 || sizeBytes <= WANT_BYTES_MAX;
  });
}

/** An interval away, spread over a fifth of it by the peer's own name. */
function timeAfter(intervalMs: number, peer: string, now: BootMs): BootMs {
  const noise = sha256(toUtf8(`${peer}/${now}`))[0] ?? 0;
  return bootMs(Math.round(now + intervalMs * (0.9 + (0.2 * noise) / 256)));
}
