/**
 * Connections that others opened and whose handshake has not ended, counted by their host: a
 * machine, or a site behind one address.
 *
 * Where a cable broke in the midst of it, those who dialled have given up and we have not heard of
 * it: such connections would keep out, until their time is over, the very daemons that dial anew
 * once the cable is back; and whoever opens many and says nothing would keep out everybody. So one
 * that takes long gives its place to whoever comes. One that is younger does not, or a site whose
 * daemons all come at once would never get one through.
 */

import { HANDSHAKE_YIELDS_MS, HANDSHAKES_PER_HOST_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { type BootMs, elapsedMs } from '../../core/time.ts';

/** One connection that somebody opened. */
interface Arrival {
  readonly from: BootMs;
  /** Ends it. */
  readonly yields: (why: Refusal) => void;
}

export class Arrivals {
  /** By host; those of one host in the order in which they began. */
  readonly #underWay = new Map<string, Set<Arrival>>();

  /**
   * Takes a place for a connection, and returns how to give it back. Where its host has none left,
   * the oldest one ends if it has lasted long enough, and else this is refused: `peer-slots`.
   */
  enter(host: string, arrival: Arrival): () => void {
    const others = this.#underWay.get(host) ?? new Set();
    const [oldest] = others;
    if (others.size >= HANDSHAKES_PER_HOST_MAX && oldest !== undefined) {
      const full = new Refusal('peer-slots', { host, limit: HANDSHAKES_PER_HOST_MAX });
      if (elapsedMs(oldest.from, arrival.from) < HANDSHAKE_YIELDS_MS) throw full;
      others.delete(oldest);
      oldest.yields(full);
    }
    this.#underWay.set(host, others.add(arrival));
    return () => {
      others.delete(arrival);
      if (others.size === 0 && this.#underWay.get(host) === others) this.#underWay.delete(host);
    };
  }

  /** Hosts that have a place. */
  get hosts(): number {
    return this.#underWay.size;
  }
}
