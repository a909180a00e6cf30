/**
 * What we tell without being asked: rows that changed, ticks in batches where no gossip carries
 * them, and at once what withdraws anything (PROTOCOL §6.1).
 */

import { ROWS_PAUSE_MS, TICK_BATCH_MS, TICKS_MAX } from '../core/limits.ts';
import { type BootMs, bootMs } from '../core/time.ts';
import { answerMs } from './asking.ts';
import { type Belief, isManifestCurrent } from './belief.ts';
import type { Effect } from './effect.ts';
import type { Jitter } from './jitter.ts';
import type { Links } from './links.ts';
import type { SummaryRow } from './message.ts';
import type { PeerLink } from './peer-link.ts';
import { type SendEffect, send, sendUrgently } from './sending.ts';
import { rowOf } from './summary.ts';
import { encodeTick } from './tick.ts';

/** Tells over all links of one node. */
export class Telling {
  readonly #links: Links;
  readonly #jitter: Jitter;

  constructor(links: Links, jitter: Jitter) {
    this.#links = links;
    this.#jitter = jitter;
  }

  /** A stop goes directly to every interested peer but its giver: it must not wait for gossip. */
  stop(belief: Belief, stop: Uint8Array, giver: string | null): readonly Effect[] {
    return this.#atOnce(belief, giver, (link) => sendUrgently(link, { kind: 'tick', bytes: stop }));
  }

  /** So does a proof against a key, before anything else. */
  proof(belief: Belief, bytes: Uint8Array, giver: string | null): readonly Effect[] {
    return this.#atOnce(belief, giver, (link) => sendUrgently(link, { kind: 'proof', bytes }));
  }

  /** So do revocations. */
  revocations(belief: Belief, bytes: Uint8Array, giver: string | null): readonly Effect[] {
    return this.#atOnce(belief, giver, (link) => sendUrgently(link, { kind: 'envelope', bytes }));
  }

  /**
   * What we hold of this domain changed: everybody who has an interest hears its row. A beacon
   * whose contents we lack is hardly an offer: gossip carries it, and its row waits for the rest.
   */
  row(belief: Belief, now: BootMs): readonly Effect[] {
    const isPart = belief.beacon !== null && !isManifestCurrent(belief);
    return this.#links.interestedIn(belief).flatMap((link) => {
      if (isPart && !link.isSparse && link.waiting.size === 0) {
        link.rowsAt = bootMs(Math.max(link.rowsAt, now + ROWS_PAUSE_MS));
      }
      link.waiting.add(belief.domain);
      this.#links.rescheduled(link);
      return this.waitingRows(link, now);
    });
  }

  /** Rows that changed: at once, and together where others went out a moment ago. */
  waitingRows(link: PeerLink, now: BootMs): readonly Effect[] {
    if (link.waiting.size === 0 || now < link.rowsAt) return [];
    link.rowsAt = bootMs(now + ROWS_PAUSE_MS);
    const changed = this.#links.shared(link).filter(({ domain }) => link.waiting.has(domain));
    link.waiting.clear();
    this.#links.rescheduled(link);
    return this.rows(link, changed);
  }

  /** The rows of these, save those that the peer was told already. */
  rows(link: PeerLink, beliefs: readonly Belief[]): readonly Effect[] {
    if (link.waiting.size > 0) {
      for (const { domain } of beliefs) link.waiting.delete(domain);
      this.#links.rescheduled(link);
    }
    const rows = beliefs.map((belief) => rowOf(belief, this.#links.reading(link, belief)));
    const news = rows.filter((row) => link.sent.get(row.tag) !== fingerprint(row));
    for (const row of news) link.sent.set(row.tag, fingerprint(row));
    return news.length === 0 ? [] : [send(link, { kind: 'summary', rows: news })];
  }

  /** What is news of these on a link without gossip goes out with the next batch. */
  noteTicks(link: PeerLink, beliefs: readonly Belief[], now: BootMs): void {
    for (const belief of beliefs) link.noteTick(belief);
    if (link.tickAt !== null || link.news.size === 0) return;
    link.tickAt = bootMs(Math.round(now + TICK_BATCH_MS * this.#jitter.between(0.8, 1)));
    this.#links.rescheduled(link);
  }

  /**
   * Ticks that had time to come, and that nothing newer took the place of, go out again with the
   * next batch: one may have been lost, and no row shows it.
   */
  ticksAgain(link: PeerLink, now: BootMs): void {
    const before = bootMs(Math.max(0, now - answerMs(link)));
    const shared = this.#links.shared(link);
    const doubtful = shared.filter((belief) => link.mayLackTick(belief, before));
    for (const belief of doubtful) link.lacksTick(belief);
    this.noteTicks(link, doubtful, now);
  }

  /** The newest tick of every domain that has one the peer lacks, in as few frames as may be. */
  dueTicks(link: PeerLink, now: BootMs): readonly Effect[] {
    if (link.tickAt === null || link.tickAt > now) return [];
    link.tickAt = null;
    this.#links.rescheduled(link);
    const ticks: Uint8Array[] = [];
    for (const belief of this.#links.shared(link)) {
      const { domain, beacon, tick, stop } = belief;
      if (!link.news.has(domain) || beacon === null || tick === null || stop !== null) continue;
      ticks.push(encodeTick(beacon.beacon.digest, tick.index, tick.value));
      link.hasTick(belief, now);
    }
    const frames = Math.ceil(ticks.length / TICKS_MAX);
    return Array.from({ length: frames }, (_, i) =>
      send(link, { kind: 'ticks', ticks: ticks.slice(i * TICKS_MAX, (i + 1) * TICKS_MAX) }),
    );
  }

  #atOnce(
    belief: Belief,
    giver: string | null,
    say: (link: PeerLink) => SendEffect,
  ): readonly Effect[] {
    const others = this.#links.interestedIn(belief).filter(({ peer }) => peer !== giver);
    return others.map(say);
  }
}

function fingerprint(row: SummaryRow): string {
  return `${row.rootVersion}/${row.beacon}/${row.tick}/${row.contents}`;
}
