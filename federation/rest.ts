/**
 * Rest: until when time alone changes nothing of a node.
 *
 * A machine wakes to look at its clocks, nearly always in vain: while the date is as far ahead of
 * boot time as it was, nothing is due before what was due first after the last step.
 */

import type { Moment } from './moment.ts';

/** The rest of one node after its last whole step. */
export class Rest {
  #dueAt = 0;
  #offsetMs = 0;
  #isKnown = false;

  /** When it ends, in boot time; the past before the first step. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** A step was handled at this moment, and by itself nothing follows before `dueAt`. */
  begin(now: Moment, dueAt: number): void {
    this.#dueAt = dueAt;
    this.#offsetMs = now.wall - now.boot;
    this.#isKnown = now.isKnown;
  }

  /** True where time alone has made nothing due by this moment. */
  lasts(now: Moment): boolean {
    const isSameTime = now.wall - now.boot === this.#offsetMs && now.isKnown === this.#isKnown;
    return isSameTime && now.boot < this.#dueAt;
  }
}
