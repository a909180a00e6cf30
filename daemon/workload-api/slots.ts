/** Counted places for local users: bounded in all, and for each uid apart. */

import { Refusal } from '../../core/refusal.ts';

/** How many places there are. */
export interface SlotLimits {
  readonly inAll: number;
  readonly perUid: number;
}

/** The places that are taken. */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #taken = new Map<number, number>();
  #inAll = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** Takes a place; disposing gives it back. Refuses `workload-streams` if there is none. */
  take(uid: number): Disposable {
    const taken = this.#taken.get(uid) ?? 0;
    if (taken >= this.#limits.perUid || this.#inAll >= this.#limits.inAll) {
      throw new Refusal('workload-streams', { uid, taken, inAll: this.#inAll });
    }
    this.#taken.set(uid, taken + 1);
    this.#inAll += 1;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#giveBack(uid);
        isHeld = false;
      },
    };
  }

  #giveBack(uid: number): void {
    const left = (this.#taken.get(uid) ?? 0) - 1;
    if (left > 0) this.#taken.set(uid, left);
    else this.#taken.delete(uid);
    this.#inAll -= 1;
  }
}
