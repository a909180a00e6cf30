/**
 * Peers that proved to be wrong, and until when nobody here speaks to them (PROTOCOL §6.2).
 *
 * Kept in memory: a ban is a pause of `BAN_MS`, not a judgement. Revocation is what lasts.
 */

import { BAN_MS } from '../../core/limits.ts';
import { type BootMs, bootMs } from '../../core/time.ts';
import type { PeerName } from '../ports.ts';

/** Bans at once; only peers that were admitted can be banned, so this is never near. */
export const BANS_MAX = 1_024;

export class Bans {
  readonly #until = new Map<PeerName, BootMs>();

  add(peer: PeerName, now: BootMs): void {
    this.#until.delete(peer); // so that the oldest ban stays first
    this.#until.set(peer, bootMs(now + BAN_MS));
    for (const [oldest] of this.#until) {
      if (this.#until.size <= BANS_MAX) break;
      this.#until.delete(oldest);
    }
  }

  has(peer: PeerName, now: BootMs): boolean {
    const until = this.#until.get(peer);
    if (until === undefined) return false;
    if (now < until) return true;
    this.#until.delete(peer);
    return false;
  }
}
