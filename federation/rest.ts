/**
 * Rest: until when time alone changes nothing of a node.
 *
 * A machine wakes to look at its clocks, nearly always in vain: while the date is as far ahead of
 * boot time as it was, nothing is due before what was due first after the last step.
 */

import type { Moment } from './moment.ts';

/** The rest of one node after its last whole step. */
export class Rest {
  /** When there is something to do ourselves, and something to look at, in boot time. */
  #actAt = 0;
  #lookAt = 0;
  #offsetMs = 0;
  #isKnown = false;

  /** When it ends, in boot time; the past before the first step. */
  get dueAt(): number {
    return Math.min(this.#actAt, this.#lookAt);
  }

  /** All that was due at this moment is done, and by itself nothing follows before these. */
  begin(now: Moment, actAt: number, lookAt: number): void {
    this.#actAt = actAt;
    this.#lookAt = lookAt;
    this.#offsetMs = now.wall - now.boot;
    this.#isKnown = now.isKnown;
  }

  /** What others said was looked at: what we do ourselves is due as it was. */
  goOn(lookAt: number): void {
    this.#lookAt = lookAt;
  }

  /** True where time alone has made nothing due by this moment. */
  lasts(now: Moment): boolean {
    const isSameTime = now.wall - now.boot === this.#offsetMs && now.isKnown === this.#isKnown;
    return isSameTime && now.boot < this.dueAt;
  }
}
