/**
 * The start of an authority (PROTOCOL §2.6): its disk may be an old copy, and what it would sign
 * takes the place of what was published since. So it asks others what they hold of its domain, for
 * a time, before it signs anything positive.
 *
 * This file says how long it has to wait, and for whom; what others hold is compared by the sync
 * (`exchange.ts`), as with anybody.
 */

import { RESUME_ASK_MS } from '../core/limits.ts';
import { type BootMs, bootMs } from '../core/time.ts';

/** When an authority started, and on which records. */
export interface Start {
  readonly at: BootMs;
  /** Nothing was ever said: there is nothing that others could hold. */
  readonly isFirst: boolean;
  /** A counter shows that the records are the last that were written. */
  readonly isProven: boolean;
  /** They were written in this very boot. */
  readonly isSameBoot: boolean;
  /** No partner and no other node of the domain is known, who could hold anything. */
  readonly isAlone: boolean;
}

/** Whether an authority may begin to sign again. */
export class Resumption {
  readonly #askUntil: BootMs;
  readonly #isSameBoot: boolean;
  #isOver: boolean;
  #isTold = false;

  constructor({ at, isFirst, isProven, isSameBoot, isAlone }: Start) {
    this.#askUntil = bootMs(at + RESUME_ASK_MS);
    this.#isSameBoot = isSameBoot;
    this.#isOver = isFirst || isProven || (isSameBoot && isAlone);
  }

  /** True once it is known that nobody holds more of our domain than we do, or has to be. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Somebody holds no more than we do by now, or a person says so, or nobody was there. */
  end(): void {
    this.#isOver = true;
  }

  /** True while nothing positive may be signed. */
  isAsking(now: BootMs): boolean {
    return !this.#isOver && (!this.#isSameBoot || now < this.#askUntil);
  }

  /** True once: nobody answered in time, and people have to be told. */
  isUnanswered(now: BootMs): boolean {
    if (this.#isOver || this.#isTold || now < this.#askUntil) return false;
    this.#isTold = true;
    return true;
  }

  /** In how many milliseconds the time to ask is over; null once it is, told or not. */
  endsInMs(now: BootMs): number | null {
    return this.#isOver || this.#isTold || now >= this.#askUntil ? null : this.#askUntil - now;
  }
}
