/**
 * Partings: what we held of what a peer shares when its link ended (PROTOCOL §6.1).
 *
 * What is newer by the time that it comes back is news to it, and need not wait until both have
 * said what they hold: on a long path each question costs a round trip. Kept in memory alone; who
 * is forgotten is asked as anybody else.
 */

import type { Digest } from '../core/digest.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Belief } from './belief.ts';
import type { Frame } from './message.ts';

/** The evidence of one domain as it was. */
interface Known {
  readonly beacon: Digest | null;
  readonly isStopped: boolean;
}

/** Peers beyond this are forgotten, the longest gone first. */
const PARTINGS_MAX = 1_024;

/** Former links, by peer. */
export class Partings {
  readonly #known = new Map<string, ReadonlyMap<TrustDomain, Known>>();

  /** The link with a peer ends, which shares `beliefs` with us. */
  note(peer: string, beliefs: readonly Belief[]): void {
    const known = beliefs.map(({ domain, beacon, stop }): [TrustDomain, Known] => [
      domain,
      { beacon: beacon?.beacon.digest ?? null, isStopped: stop !== null },
    ]);
    this.#known.delete(peer);
    this.#known.set(peer, new Map(known));
    const [longestGone] = this.#known.keys();
    if (this.#known.size > PARTINGS_MAX && longestGone !== undefined) {
      this.#known.delete(longestGone);
    }
  }

  /** The peer is back: the stops and beacons that are news to it. It is told once. */
  newsFor(peer: string, beliefs: readonly Belief[]): readonly Frame[] {
    const known = this.#known.get(peer);
    this.#known.delete(peer);
    return beliefs.flatMap((belief) => {
      const past = known?.get(belief.domain);
      return past === undefined ? [] : newsOf(belief, past);
    });
  }
}

/** A stop before the beacon that it ends is no use: it comes after. */
function newsOf({ beacon, stop }: Belief, past: Known): readonly Frame[] {
  const frames: Frame[] = [];
  const isNew = beacon !== null && beacon.beacon.digest !== past.beacon;
  if (isNew) frames.push({ kind: 'envelope', bytes: beacon.bytes });
  if (stop !== null && (isNew || !past.isStopped)) frames.push({ kind: 'tick', bytes: stop });
  return frames;
}
