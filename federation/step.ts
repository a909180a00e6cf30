/**
 * What one step of the state machine works on: the parts of the node, the clocks as they were read,
 * and the effects so far. What a step does stands in handling.ts, from there on in hearing.ts (what
 * peers say), committing.ts (what is believed), questions.ts and duties.ts (what is due).
 */

import type { Refusal } from '../core/refusal.ts';
import type { Suite } from '../core/suite.ts';
import type { BootMs, Instant } from '../core/time.ts';
import type { AdmitContext } from './admission.ts';
import type { Authority } from './authority.ts';
import type { Beliefs } from './beliefs.ts';
import type { DomainLedger } from './domain-ledger.ts';
import type { Effect } from './effect.ts';
import type { Exchange } from './exchange.ts';
import type { Leaseholder } from './leaseholder.ts';
import type { Moment } from './moment.ts';
import type { PeerLedger } from './peer-ledger.ts';
import type { PeerLink } from './peer-link.ts';
import type { Rest } from './rest.ts';
import type { Learned, TimeDesk } from './time-desk.ts';
import type { Watch } from './watch.ts';

/** What a node is made of, between two steps. */
export interface Parts {
  readonly suite: Suite;
  readonly bootId: string;
  readonly beliefs: Beliefs;
  readonly exchange: Exchange;
  readonly ledger: PeerLedger;
  readonly guestLedger: PeerLedger;
  readonly domains: DomainLedger;
  readonly watch: Watch;
  readonly time: TimeDesk;
  readonly rest: Rest;
  /** Present on the machine that writes for its domain. */
  readonly authority: Authority | null;
  /** Present on every other machine. */
  readonly leaseholder: Leaseholder | null;
}

/** What one step asks of the world. */
export interface Output {
  readonly effects: readonly Effect[];
  /** Call again when the boot clock reads this, if nothing happens before. */
  readonly wakeAt: BootMs;
  /** What became of the input: null for admitted, or why it was refused. */
  readonly verdict: Refusal | null;
}

/**
 * One input being handled. Lives for one call of `handle`, and collects what the world has to do;
 * the order of the effects is meaning.
 */
export class Step {
  readonly parts: Parts;
  /** The clocks as they were read; `now` is what they are worth. */
  readonly read: Instant;
  readonly effects: Effect[] = [];
  #now: Moment;

  constructor(parts: Parts, read: Instant) {
    this.parts = parts;
    this.read = read;
    this.#now = parts.time.judge(read);
  }

  get now(): Moment {
    return this.#now;
  }

  /** What whatever is admitted in this step is admitted in; most steps admit nothing. */
  get context(): AdmitContext {
    const { suite, bootId } = this.parts;
    return { suite, now: this.#now, bootId };
  }

  /** The clocks are worth something else now. */
  judgeAgain(): void {
    this.#now = this.parts.time.judge(this.read);
  }

  /** Takes in what an answer about the time, or a person, changed. */
  learn({ beliefs, writes, notes }: Learned): void {
    this.effects.push({ kind: 'persist', writes }, ...notes);
    this.judgeAgain();
    for (const belief of beliefs) {
      this.parts.beliefs.set(belief);
      this.parts.watch.wasStored(belief, this.now);
      this.effects.push({ kind: 'changed', domain: belief.domain });
    }
  }

  /** Where the account of a peer is kept. */
  ledgerOf(peer: string): PeerLedger {
    return this.ledgerOn(this.parts.exchange.links.of(peer));
  }

  /** Guests have accounts of their own: new names are free for them, and would displace others'. */
  ledgerOn(link: PeerLink | undefined): PeerLedger {
    return link?.isGuest === true ? this.parts.guestLedger : this.parts.ledger;
  }
}
