/**
 * What we ask of whom (PROTOCOL §6.1): what the newest row of a peer shows that we lack, of one
 * peer at a time, and of the next one when that one does not answer.
 *
 * What is open with whom stands in `want-book.ts`; what is said unasked, in `telling.ts`.
 */

import type { Digest } from '../core/digest.ts';
import {
  SLOW_WANT_TIMEOUT_MS,
  SLOW_WANTS_MAX,
  WANT_TIMEOUT_MS,
  WANTS_MAX,
  WANTS_OPEN_MAX,
} from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { type BootMs, bootMs } from '../core/time.ts';
import type { Belief } from './belief.ts';
import type { DomainLedger } from './domain-ledger.ts';
import type { Effect } from './effect.ts';
import type { Links } from './links.ts';
import type { Want } from './message.ts';
import type { PeerLink } from './peer-link.ts';
import { sendWants } from './sending.ts';
import { missing, type Reading, wantsFrom } from './summary.ts';
import { type Asked, isOffer, type OpenWant, WantBook } from './want-book.ts';

/** All that is asked for over the links of one node. */
export class Asking {
  readonly #links: Links;
  readonly #domains: DomainLedger;
  readonly #wants = new WantBook();

  constructor(links: Links, domains: DomainLedger) {
    this.#links = links;
    this.#domains = domains;
  }

  /** What to ask for: `first`, then what the newest row shows that we lack. It is open from now. */
  ask(link: PeerLink, belief: Belief, now: BootMs, first: readonly Want[] = []): readonly Want[] {
    const wants = this.#wantsOf(link, belief, now);
    if (first.length + wants.length === 0) return wants;
    const fresh = [...first, ...wants]
      .filter((want) => !this.#lacks(link, belief, want.argument))
      .filter((want) => this.#wants.isFree({ ...want, domain: belief.domain, peer: link.peer }))
      .slice(0, Math.min(WANTS_MAX, this.#roomOn(link)));
    return this.#open(link, belief, fresh, now);
  }

  /**
   * Asks for a beacon that was the newest once. Over a slow link nobody does: what is past there
   * would take the room of what is not.
   */
  askPast(link: PeerLink, belief: Belief, digest: Digest, now: BootMs): readonly Effect[] {
    const want = { tag: link.tag(belief.domain), what: 'past', argument: digest } as const;
    const isFree = this.#wants.isFree({ ...want, domain: belief.domain, peer: link.peer });
    const mayAsk = !link.isSparse && this.#domains.mayLearn(belief.domain, now);
    if (!mayAsk || !isFree || this.#roomOn(link) === 0) return [];
    return sendWants(link, this.#open(link, belief, [want], now));
  }

  /** What is unanswered by now, and to whom it is put next. */
  overdue(now: BootMs): readonly Effect[] {
    return this.#wants.overdue(now).flatMap((late) => {
      const { domain, peer, what, argument } = late;
      const refusal = new Refusal('want-unanswered', { domain, what, argument });
      const noted: readonly Effect[] = isOffer(late) ? [{ kind: 'refused', peer, refusal }] : [];
      return [...noted, ...this.#askOther(late, new Set([...late.tried, peer]), now)];
    });
  }

  /** The peer says that it has not what it was asked for: it is put to the next at once. */
  lacked(link: PeerLink, belief: Belief, { what, argument }: Want, now: BootMs): readonly Effect[] {
    const { domain } = belief;
    const open = this.#wants.take({ domain, what, argument, peer: link.peer });
    if (open === null) return [];
    const tag = link.tag(domain);
    link.lacks.set(tag, (link.lacks.get(tag) ?? new Set()).add(argument));
    return this.#askOther(open, open.tried, now);
  }

  /** It came: it may be asked for again, of anybody. */
  settle(want: Asked): void {
    this.#wants.settle(want);
  }

  /** Forgets a peer whose link ended. */
  down(peer: string): void {
    this.#wants.down(peer);
  }

  /** When `overdue` has something to say next. */
  dueAt(): number {
    return this.#wants.dueAt();
  }

  /**
   * What one peer did not give is put to the next who has it. A beacon of the past is not: who
   * named it is the one to ask, and most others missed it as we did (PROTOCOL §5.2).
   */
  #askOther(
    { domain, what, argument }: OpenWant,
    tried: ReadonlySet<string>,
    now: BootMs,
  ): readonly Effect[] {
    const belief = this.#links.spoken().find((one) => one.domain === domain);
    if (belief === undefined || what === 'past') return [];
    const others = this.#links
      .interestedIn(belief)
      .filter((link) => !tried.has(link.peer) && !this.#lacks(link, belief, argument));
    const next = others.find((link) => !this.#wants.owes(link.peer)) ?? others[0];
    if (next === undefined) return [];
    const want = this.#wantsOf(next, belief, now).find(
      (one) => one.what === what && one.argument === argument,
    );
    if (want === undefined || this.#roomOn(next) === 0) return [];
    return sendWants(next, this.#open(next, belief, [want], now, tried));
  }

  /** True where the peer said that it has not got that, and nothing new since. */
  #lacks(link: PeerLink, { domain }: Belief, argument: string): boolean {
    return link.lacks.get(link.tag(domain))?.has(argument) === true;
  }

  /** What the newest row of the peer shows that we lack. */
  #wantsOf(link: PeerLink, belief: Belief, now: BootMs): readonly Want[] {
    const mine = this.#links.reading(link, belief); // by another group there are other gaps
    if (link.isGapless(belief)) return [];
    const row = link.row(belief);
    const wants = row === null ? ownGaps(belief, mine) : wantsFrom(belief, row, mine);
    if (wants.length === 0) link.noteGapless(belief);
    // PROTOCOL §6.2 — a flood: contents that a domain would owe for are not fetched.
    if (wants.length === 0 || this.#domains.mayLearn(belief.domain, now)) return wants;
    return wants.filter(({ what }) => what !== 'manifest' && what !== 'document');
  }

  #open(
    link: PeerLink,
    { domain }: Belief,
    wants: readonly Want[],
    now: BootMs,
    tried: ReadonlySet<string> = new Set(),
  ): readonly Want[] {
    const until = bootMs(now + answerMs(link));
    const { peer } = link;
    for (const { what, argument } of wants) {
      this.#wants.ask({ domain, what, argument, peer, until, tried });
    }
    return wants;
  }

  /** How much more may be asked for on a link. */
  #roomOn({ peer, isSlow }: PeerLink): number {
    return this.#wants.roomFor(peer, isSlow ? SLOW_WANTS_MAX : WANTS_OPEN_MAX);
  }
}

function ownGaps(belief: Belief, mine: Reading): readonly Want[] {
  return missing(belief, mine).map((gap) => ({
    tag: mine.tag,
    what: gap.what,
    argument: gap.digest,
  }));
}

/** So long may an answer take on a link. */
export function answerMs({ isSlow }: PeerLink): number {
  return isSlow ? SLOW_WANT_TIMEOUT_MS : WANT_TIMEOUT_MS;
}
