/**
 * When to dial, whom to keep and when to give a link up: the rules alone, without a socket.
 *
 * They replace libp2p's keep-alive, which stops after a minute, and its ping, which closes healthy
 * links over slow networks. Here a link ends when nothing was heard for `SILENT_MS_MAX`, and a
 * redial never ends.
 */

import { DIAL_MS_MAX, REDIAL_MS_MAX, REDIAL_MS_MIN } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { PeerName, Random } from '../ports.ts';

/**
 * Where nobody takes the connection the dial begins anew: a SYN has been lost twice by then, and
 * the kernel would wait ever longer before the next, also after the cable is back.
 */
export const CONNECT_MS_MAX = 3 * SECOND_MS;
/** By how much a slow link is given more time, and beats less often. */
export const SLOW_FACTOR = 4;
/** How often links are looked at. */
export const CHECK_MS = SECOND_MS;
/** How often a link carries a heartbeat. */
export const HEARTBEAT_MS = 15 * SECOND_MS;
/** A link on which nothing was heard for so long is dead: three heartbeats. */
export const SILENT_MS_MAX = 3 * HEARTBEAT_MS;
/** How long a link may lack a gossip stream; libp2p never reopens one by itself. */
export const GOSSIP_GRACE_MS = 6 * SECOND_MS;
/** How long a new link may take to get its gossip streams, over a slow network. */
export const GOSSIP_ATTACH_MS_MAX = DIAL_MS_MAX;
/** How long two links to one peer may stand, so that nothing is cut in mid-sentence. */
export const DUPLICATE_GRACE_MS = SECOND_MS;
/** The peer with the higher id lets the other dial first. */
export const YIELD_MS = 700;
/** A link that lasted so long owes nothing to the failures before it. */
export const STABLE_MS = 5 * SECOND_MS;

/** Which side of a connection dialled. */
export type LinkDirection = 'inbound' | 'outbound';

/** The two ends of a link by name. */
export interface LinkEnds {
  readonly self: PeerName;
  /** Null where an address has not yet said who lives there. */
  readonly peer: PeerName | null;
  /** The link between them is slow. */
  readonly isSlow: boolean;
}

/** Full jitter below a doubling cap, so that a healed network is not met by a stampede. */
export function redialDelayMs(ends: LinkEnds, failures: number, random: Random): number {
  const most = (ends.isSlow ? SLOW_FACTOR : 1) * REDIAL_MS_MAX;
  const cap = Math.min(most, REDIAL_MS_MIN * 2 ** Math.min(failures, 16));
  const yields = failures === 0 && ends.peer !== null && !dialsFirst(ends.self, ends.peer);
  return (yields ? YIELD_MS : 0) + Math.trunc(fractionOf(random) * cap);
}

/** Of two links to one peer, whether `next` takes the place of `held`. Both sides agree. */
export function replaces(
  ends: { self: PeerName; peer: PeerName },
  held: LinkDirection,
  next: LinkDirection,
): boolean {
  if (held === next) return true; // whoever dials again has lost the older one
  return next === (dialsFirst(ends.self, ends.peer) ? 'outbound' : 'inbound');
}

/** One order for both sides: the lower id dials. */
function dialsFirst(self: PeerName, peer: PeerName): boolean {
  return self < peer;
}

/** A number in [0, 1). */
function fractionOf(random: Random): number {
  const bytes = random.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}
