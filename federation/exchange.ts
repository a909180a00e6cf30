/**
 * The exchange: what flows between two linked nodes so that they come to agree (PROTOCOL §6.1).
 *
 * On link-up each names its interests; then one summary row per shared domain, and whoever lacks
 * something asks for it. Every frame stands alone, so a lost one costs an interval and nothing
 * else. What is told unasked stands in `telling.ts`, what is compared in `comparing.ts`, what we
 * ask for in `asking.ts`, and who is linked in `links.ts`.
 */

import type { Digest } from '../core/digest.ts';
import { ROWS_AT_ONCE_MAX, WANT_TIMEOUT_MS } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { BootMs } from '../core/time.ts';
import { Asking } from './asking.ts';
import { type Belief, isTickAlone, isWhole } from './belief.ts';
import { Comparing } from './comparing.ts';
import type { DomainLedger } from './domain-ledger.ts';
import type { Effect } from './effect.ts';
import type { Jitter } from './jitter.ts';
import { Links, type Spoken } from './links.ts';
import type { SummaryRow, Tag, Want } from './message.ts';
import { Partings } from './partings.ts';
import { type LinkedGuest, type LinkedPeer, PeerLink, type Reader } from './peer-link.ts';
import type { RangeNote } from './ranges.ts';
import { type SendEffect, send, sendWants, withinBounds } from './sending.ts';
import { isAhead, mayDifferUnpinned, missing, rowOf, wantsFrom } from './summary.ts';
import { Telling } from './telling.ts';
import { answersTo } from './want-answer.ts';
import type { Asked } from './want-book.ts';

/** What an exchange shares with the rest of its node. */
interface ExchangeParts {
  readonly domains: DomainLedger;
  readonly jitter: Jitter;
}

/** All that one node says to its peers, and hears of what they hold. */
export class Exchange {
  readonly links: Links;
  readonly telling: Telling;
  readonly #asking: Asking;
  readonly #comparing: Comparing;
  readonly #partings = new Partings();
  readonly #domains: DomainLedger;

  constructor(own: Reader, spoken: Spoken, { domains, jitter }: ExchangeParts) {
    this.#domains = domains;
    this.links = new Links(own, spoken);
    this.telling = new Telling(this.links, jitter);
    this.#asking = new Asking(this.links, domains);
    this.#comparing = new Comparing(this.links, this.telling, this.#asking, jitter);
  }

  up(linked: LinkedPeer | LinkedGuest, now: BootMs): readonly Effect[] {
    const compareAt = this.#comparing.first(now);
    const link = new PeerLink(linked, this.links.own.domain, { upAt: now, compareAt });
    this.links.add(link);
    return [this.#nameInterests(link), ...this.#newsFor(link)];
  }

  /** What a peer that comes back missed, at once: not where every byte is asked for first. */
  #newsFor(link: PeerLink): readonly Effect[] {
    const news = this.#partings.newsFor(link.peer, this.links.spokenOn(link));
    return link.isSparse ? [] : withinBounds(news.map((frame) => send(link, frame)));
  }

  down(peer: string): void {
    const link = this.links.of(peer);
    if (link !== undefined) this.#partings.note(peer, this.links.shared(link));
    this.links.remove(peer);
    this.#asking.down(peer);
  }

  /** Our set of domains changed: name our interests anew, on every link. */
  interestsChanged(): readonly Effect[] {
    return this.links.all().map((link) => {
      link.isAnswered = false;
      return this.#nameInterests(link);
    });
  }

  interest(peer: string, tags: readonly Tag[], now: BootMs): readonly Effect[] {
    const link = this.links.of(peer);
    if (link === undefined) return [];
    // Whoever is linked here shares a domain with us: one that names none is of a link before this.
    const known = this.links.tagsOn(link);
    if (!known.some((tag) => tags.includes(tag))) return [];
    // A guest is spoken to of two domains at most (§6.3): whatever else it names is not kept.
    const kept = link.isGuest ? known.filter((tag) => tags.includes(tag)) : tags;
    this.links.nameInterests(link, new Set(kept));
    link.isAnswered = true;
    link.sent.clear();
    const shared = this.links.shared(link);
    if (link.isSparse) {
      this.telling.noteTicks(link, shared, now);
      if (link.tickAt !== null) link.tickAt = now; // the first batch waits for nothing
      this.links.rescheduled(link);
    }
    // Who names its interests may lack ours, for a frame may be lost. Once for each comparison.
    const ours = link.hasNamed ? [] : [this.#nameInterests(link)];
    // Most of what was said on a link before is still so: many rows are compared before they go.
    const isMuch = shared.length > ROWS_AT_ONCE_MAX;
    const first = isMuch ? this.#comparing.compare(link) : this.telling.rows(link, shared);
    return [...ours, ...first];
  }

  digest(peer: string, digest: string, now: BootMs): readonly Effect[] {
    const link = this.links.of(peer);
    return link === undefined ? [] : this.#comparing.digest(link, digest, now);
  }

  ranges(peer: string, tag: Tag, notes: readonly RangeNote[], now: BootMs): readonly Effect[] {
    const link = this.links.of(peer);
    return link === undefined ? [] : this.#comparing.ranges(link, tag, notes, now);
  }

  summary(peer: string, rows: readonly SummaryRow[], now: BootMs): readonly Effect[] {
    const link = this.links.of(peer);
    if (link === undefined) return [];
    const sums: Effect[] = [];
    const wants: Want[] = [];
    const behind: Belief[] = [];
    for (const belief of this.links.spokenOn(link)) {
      const row = rows.find((candidate) => candidate.tag === link.tag(belief.domain));
      if (row === undefined) continue;
      const isNews = this.#noteRow(link, belief, row, now);
      const reading = this.links.reading(link, belief);
      if (!mayDifferUnpinned(belief, row, reading)) link.agreesOn(row.tag);
      else if (link.mayWeigh(row.tag, isNews, now)) {
        sums.push(...this.#comparing.sum(link, belief, now));
      }
      wants.push(...this.#asking.ask(link, belief, now));
      const mine = rowOf(belief, reading);
      const contentsDiffer = mine.beacon === row.beacon && mine.contents !== row.contents;
      if (isAhead(belief, row, reading) || contentsDiffer) behind.push(belief);
    }
    return [...sums, ...sendWants(link, wants), ...this.telling.rows(link, behind)];
  }

  /** True for a row of another beacon or other contents than the one before it. */
  #noteRow(link: PeerLink, belief: Belief, row: SummaryRow, now: BootMs): boolean {
    const before = link.says(belief, row);
    link.lacks.delete(row.tag);
    this.links.showInterest(link, row.tag);
    // Who comes to hold a beacon could use no tick of it that came before.
    const isNew = before !== null && before.beacon !== row.beacon;
    if (link.isSparse && isNew && belief.beacon?.beacon.digest === row.beacon) {
      link.lacksTick(belief);
      this.telling.noteTicks(link, [belief], now);
    }
    return before !== null && (isNew || before.contents !== row.contents);
  }

  /** Answers wants with what is held and may be read (PROTOCOL §6.4). */
  want(peer: string, wants: readonly Want[], now: BootMs): readonly Effect[] {
    const link = this.links.of(peer);
    if (link === undefined) return [];
    const lacking: Want[] = [];
    const answers = wants.flatMap((want) => {
      const belief = this.links.named(link, want.tag);
      if (belief === undefined) return [];
      this.links.showInterest(link, want.tag);
      const isUrgent = want.what === 'unpinned';
      const frames = answersTo(want, belief, this.links.reading(link, belief));
      if (frames.length === 0) lacking.push(want);
      return frames.map((frame) => ({ ...send(link, frame), isUrgent }));
    });
    const said = lacking.length === 0 ? [] : [send(link, { kind: 'lack', wants: lacking })];
    return [...this.#affordable(link, withinBounds(answers), now), ...said];
  }

  /** Those of the answers that the domain of the peer may be given: the rest is asked for again. */
  #affordable(link: PeerLink, answers: readonly SendEffect[], now: BootMs): readonly Effect[] {
    const { foreignDomain, peer } = link;
    if (foreignDomain === null) return answers;
    return answers.map((answer): Effect => {
      const { frame, isUrgent: isNegative } = answer;
      const bytes = frame.length;
      const refusal = refusalOf(() =>
        this.#domains.move(foreignDomain, { bytes, isNegative }, now),
      );
      return refusal instanceof Refusal ? { kind: 'refused', peer, refusal } : answer;
    });
  }

  /** The peer has not what it was asked for: another one may, and it has room for more wants. */
  lack(peer: string, wants: readonly Want[], now: BootMs): readonly Effect[] {
    const link = this.links.of(peer);
    if (link === undefined) return [];
    const effects: Effect[] = [];
    for (const want of wants) {
      const belief = this.links.named(link, want.tag);
      if (belief !== undefined) effects.push(...this.#asking.lacked(link, belief, want, now));
    }
    return [...effects, ...sendWants(link, this.#askNext(link, now))];
  }

  /** A document of this domain was admitted: ask the peer that has more for what comes next. */
  admitted(belief: Belief, link: PeerLink, now: BootMs): readonly Effect[] {
    if (link.isSparse) link.hasTick(belief, null);
    const asked = this.#asking.ask(link, belief, now);
    return sendWants(link, asked.length > 0 ? asked : this.#askNext(link, now));
  }

  /** Little is asked for at once on a slow link: what is settled makes room for what is not. */
  #askNext(link: PeerLink, now: BootMs): readonly Want[] {
    if (!link.isSlow) return [];
    return this.links.shared(link).flatMap((other) => this.#asking.ask(link, other, now));
  }

  /**
   * What we hold of this domain changed: see that those who share it have it, in an interval. A
   * tick that was lost is mended by the next one.
   */
  changed(before: Belief | null, belief: Belief, now: BootMs): void {
    const isMore = before === null || !isTickAlone(before, belief);
    if (!isMore && !this.links.hasSparse) return; // gossip brings a tick to everybody
    for (const link of this.links.interestedIn(belief)) {
      if (link.isSparse) this.telling.noteTicks(link, [belief], now);
      if (isMore) this.#comparing.soon(link, now);
    }
  }

  /**
   * True once some peer has told what it holds of this domain of ours, and has given us what we
   * lack of it: by the recovery lane what it may, by another lane all that both may read.
   */
  isAnswered(own: Belief, now: BootMs): boolean {
    return this.links.all().some((link) => {
      const reading = this.links.reading(link, own);
      const row = link.row(own);
      if (row === null) return false;
      const isWaiting = wantsFrom(own, row, reading).some((want) => want.what !== 'document');
      if (isWaiting || (link.isGuest && !isWhole(own))) return false;
      // What another group reads is not given to this peer either: it is waited for so long.
      return missing(own, reading).length === 0 || link.upAt + WANT_TIMEOUT_MS / 2 <= now;
    });
  }

  /**
   * The peer relays ticks of a beacon that we lack (`beacon` as a tick names it): compare, once for
   * each such beacon, since most are of domains that we do not speak of (PROTOCOL §3.3).
   */
  stranger(link: PeerLink, beacon: string): readonly Effect[] {
    return link.meetsStranger(beacon) ? this.#comparing.compare(link) : [];
  }

  /** Compares with a peer that knows more than it said. */
  compare(peer: string): readonly Effect[] {
    const link = this.links.of(peer);
    return link === undefined ? [] : this.#comparing.compare(link);
  }

  /** Asks a peer for the beacon that another one names as the one before it. */
  askPast(peer: string, belief: Belief, digest: Digest, now: BootMs): readonly Effect[] {
    const link = this.links.of(peer);
    return link === undefined ? [] : this.#asking.askPast(link, belief, digest, now);
  }

  /** A want was answered: it may be asked again, of anybody. */
  settle(want: Asked): void {
    this.#asking.settle(want);
  }

  /** What is due on each link by now. */
  wake(now: BootMs): readonly Effect[] {
    if (this.wakeAt() > now) return [];
    const effects: Effect[] = [...this.#asking.overdue(now)];
    for (const link of this.links.due(now)) {
      effects.push(...this.telling.waitingRows(link, now), ...this.telling.dueTicks(link, now));
      if (link.compareAt > now) continue;
      link.hasNamed = false;
      if (!link.isAnswered) effects.push(this.#nameInterests(link));
      effects.push(...this.#comparing.dueComparison(link, now));
    }
    return effects;
  }

  /** When `wake` has something to do again, in boot time; without end where it never has. */
  wakeAt(): number {
    return Math.min(this.links.dueAt(), this.#asking.dueAt());
  }

  #nameInterests(link: PeerLink): Effect {
    link.hasNamed = true;
    return send(link, { kind: 'interest', tags: this.links.tagsOn(link) });
  }
}
