/**
 * Whether the two sides of a link hold the same (PROTOCOL §6.1): one digest over all rows that
 * they share, at intervals; ranges where that differs in many domains, and over what no manifest
 * pins. Gossip may lose anything; this is what makes nodes agree.
 */

import {
  QUIET_INTERVAL_MS,
  ROWS_AT_ONCE_MAX,
  SLOW_SYNC_INTERVAL_MS,
  SYNC_INTERVAL_MS,
} from '../core/limits.ts';
import { type BootMs, bootMs } from '../core/time.ts';
import { type Asking, answerMs } from './asking.ts';
import type { Belief } from './belief.ts';
import type { Effect } from './effect.ts';
import type { Jitter } from './jitter.ts';
import type { Links } from './links.ts';
import { NO_TAG, type Tag, type Want } from './message.ts';
import type { PeerLink } from './peer-link.ts';
import { noteOf, partsOf, type RangeNote, reconcile } from './ranges.ts';
import { send, sendUrgently, sendWants, withinBounds } from './sending.ts';
import { tagOfRow } from './shared-rows.ts';
import { unpinnedIds } from './summary.ts';
import type { Telling } from './telling.ts';
import { unpinnedOf } from './want-answer.ts';

/** Compares over all links of one node. */
export class Comparing {
  readonly #links: Links;
  readonly #telling: Telling;
  readonly #asking: Asking;
  readonly #jitter: Jitter;

  constructor(links: Links, telling: Telling, asking: Asking, jitter: Jitter) {
    this.#jitter = jitter;
    this.#links = links;
    this.#telling = telling;
    this.#asking = asking;
  }

  /** When two sides that were just linked compare for the first time. */
  first(now: BootMs): BootMs {
    return this.#timeAfter(SYNC_INTERVAL_MS, now);
  }

  /** Says our digest: the peer answers where its own is another. */
  compare(link: PeerLink): readonly Effect[] {
    if (link.interests.size === 0) return [];
    const digest = this.#links.digest(link);
    link.announced(digest);
    return [send(link, { kind: 'digest', digest })];
  }

  /**
   * The comparison that was due on a link, and when the next one is. Whoever hears it may have lost
   * ticks, and puts off a comparison of its own.
   */
  dueComparison(link: PeerLink, now: BootMs): readonly Effect[] {
    if (link.isSparse) this.#telling.ticksAgain(link, now);
    const said = this.compare(link);
    this.#again(link, this.#links.isSettled(link) ? QUIET_INTERVAL_MS : intervalOf(link), now);
    return said;
  }

  /** What we hold changed: see that the peer has it, in an interval. */
  soon(link: PeerLink, now: BootMs): void {
    const intervalMs = intervalOf(link);
    if (link.compareAt > now + intervalMs) this.#again(link, intervalMs, now);
  }

  /** The peer says its digest. */
  digest(link: PeerLink, digest: string, now: BootMs): readonly Effect[] {
    if (link.interests.size === 0) return [];
    link.hasNamed = false; // a comparison of the peer's is one too, and puts ours off
    if (link.isSparse) this.#telling.ticksAgain(link, now);
    if (this.#links.digest(link) === digest) return this.#agrees(link, digest, now);
    const shared = this.#links.shared(link);
    if (shared.length > ROWS_AT_ONCE_MAX) {
      return [
        send(link, { kind: 'ranges', tag: NO_TAG, notes: partsOf(this.#links.rowIds(link)) }),
      ];
    }
    link.sent.clear();
    return this.#telling.rows(link, shared);
  }

  /** The peer holds what we hold: it hears so at once, or each would wake to tell the other. */
  #agrees(link: PeerLink, digest: string, now: BootMs): readonly Effect[] {
    link.hears(digest);
    const said = link.hasSaid(digest) ? [] : this.compare(link);
    this.#again(link, link.isSettled(digest) ? QUIET_INTERVAL_MS : intervalOf(link), now);
    return said;
  }

  /** What a peer says of ranges: of the rows of the link, or of what a domain has unpinned. */
  ranges(link: PeerLink, tag: Tag, notes: readonly RangeNote[], now: BootMs): readonly Effect[] {
    if (tag === NO_TAG) return this.#rowRanges(link, notes);
    const belief = this.#links.named(link, tag);
    if (belief === undefined) return [];
    this.#links.showInterest(link, tag);
    const mine = this.#links.reading(link, belief);
    const { notes: answer, lacking, surplus } = reconcile(unpinnedIds(belief, mine), notes);
    const given = surplus.flatMap((id) => unpinnedOf(belief, id, mine));
    const wants = lacking.map((id): Want => ({ tag, what: 'unpinned', argument: id }));
    return [
      ...withinBounds(given.map((frame) => sendUrgently(link, frame))),
      ...sendWants(link, this.#asking.ask(link, belief, now, wants)),
      ...this.#sayRanges(link, tag, answer),
    ];
  }

  /** Says one sum over what no manifest pins: the peer answers if it holds else. */
  sum(link: PeerLink, belief: Belief, now: BootMs): readonly Effect[] {
    const tag = link.tag(belief.domain);
    const note = noteOf(unpinnedIds(belief, this.#links.reading(link, belief)));
    const until = bootMs(now + answerMs(link));
    return link.maySum(tag, note.sum, now, until) ? this.#sayRanges(link, tag, [note]) : [];
  }

  #rowRanges(link: PeerLink, notes: readonly RangeNote[]): readonly Effect[] {
    const { notes: answer, lacking, surplus } = reconcile(this.#links.rowIds(link), notes);
    const tags = new Set([...lacking, ...surplus].map(tagOfRow));
    const differing = this.#links.spokenOn(link).filter(({ domain }) => tags.has(link.tag(domain)));
    for (const { domain } of differing) {
      const tag = link.tag(domain);
      this.#links.showInterest(link, tag);
      link.sent.delete(tag);
    }
    return [...this.#sayRanges(link, NO_TAG, answer), ...this.#telling.rows(link, differing)];
  }

  #sayRanges(link: PeerLink, tag: Tag, notes: readonly RangeNote[]): readonly Effect[] {
    return notes.length === 0 ? [] : [send(link, { kind: 'ranges', tag, notes })];
  }

  #again(link: PeerLink, intervalMs: number, now: BootMs): void {
    link.compareAt = this.#timeAfter(intervalMs, now);
    this.#links.rescheduled(link);
  }

  /** An interval away, spread over a fifth of it. */
  #timeAfter(intervalMs: number, now: BootMs): BootMs {
    return bootMs(Math.round(now + intervalMs * this.#jitter.between(0.9, 1.1)));
  }
}

/** Until the next comparison of a link on which something may differ. */
function intervalOf({ isSlow }: PeerLink): number {
  return isSlow ? SLOW_SYNC_INTERVAL_MS : SYNC_INTERVAL_MS;
}
