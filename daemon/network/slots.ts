/**
 * Who may hold how many of the places there are (PROTOCOL §6.2): at least half are kept for nodes
 * of our own domain, no foreign domain holds more than an eighth, and all guests together are
 * treated as one more foreign domain. So nobody crowds out anybody but his own.
 *
 * A place is a peer's, however many connections it has for a moment. Guests that we dialled
 * ourselves take none: somebody gave us their addresses.
 */

import { CONNECTIONS_MAX, GUESTS_PER_ADDRESS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Admission, HandshakeRole, PeerName } from '../ports.ts';

/** Places of all foreign domains and guests together. */
export const FOREIGN_SLOTS_MAX = CONNECTIONS_MAX / 2;
/** Places of one foreign domain, and of all guests. */
export const DOMAIN_SLOTS_MAX = CONNECTIONS_MAX / 8;

/** Whoever asks for a place. */
export interface Applicant {
  readonly peer: PeerName;
  readonly admission: Admission;
  /** Our part in the handshake: the initiator is the one who dialled. */
  readonly role: HandshakeRole;
  /** The host it comes from, as `hostOf` says it. */
  readonly host: string;
}

/** One connection that was given a place. */
interface Holding {
  readonly peer: PeerName;
  /** The domain that is charged; null for guests. */
  readonly domain: string | null;
  readonly host: string;
}

export class Slots {
  readonly #ownDomain: string;
  readonly #held = new Set<Holding>();

  constructor(ownDomain: string) {
    this.#ownDomain = ownDomain;
  }

  /** Takes a place for one connection, and returns how to give it back. Refuses `peer-slots`. */
  take({ peer, admission, role, host }: Applicant): () => void {
    const domain = admission.admitted?.domain ?? null;
    if (domain === null && role === 'initiator') return () => undefined;
    const others = [...this.#held].filter((held) => held.peer !== peer);
    const count = (counts: (held: Holding) => boolean): number =>
      new Set(others.filter(counts).map((held) => held.peer)).size;
    const refuse = (limit: number): never => {
      throw new Refusal('peer-slots', { domain: domain ?? 'guests', limit });
    };
    if (count(() => true) >= CONNECTIONS_MAX) refuse(CONNECTIONS_MAX);
    if (domain !== this.#ownDomain) {
      if (count((held) => held.domain === domain) >= DOMAIN_SLOTS_MAX) refuse(DOMAIN_SLOTS_MAX);
      const isForeign = (held: Holding) => held.domain !== this.#ownDomain;
      if (count(isForeign) >= FOREIGN_SLOTS_MAX) refuse(FOREIGN_SLOTS_MAX);
    }
    const isNeighbour = (held: Holding) => held.domain === null && held.host === host;
    if (domain === null && count(isNeighbour) >= GUESTS_PER_ADDRESS_MAX) {
      refuse(GUESTS_PER_ADDRESS_MAX);
    }
    const holding = { peer, domain, host };
    this.#held.add(holding);
    return () => this.#held.delete(holding);
  }
}
