/**
 * A handshake: what the two ends of a link take each other for, by the proofs they show (PROTOCOL
 * §6.2, §6.3), and whether they would still.
 */

import { toUtf8 } from '../core/bytes.ts';
import { sha256 } from '../core/digest.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { Lease } from '../federation/lease.ts';
import type { FederationNode, Guest } from '../federation/node.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** What one end of a link took the other for. */
export type Received = Lease | Guest;
/** With a guest at either end a link is of the recovery lane for both. */
export type Lane = 'whole' | 'recovery';

/** What two machines that shook hands take each other for. */
export interface Acquaintance {
  readonly lane: Lane;
  /** What the first takes the second for, and the second the first. */
  readonly received: readonly [Received, Received];
}

/** Two machines prove themselves to each other; null where either refuses the other. */
export function introduce(world: World, a: Machine, b: Machine): Acquaintance | null {
  const [atA, atB] = [receivedBy(world, b, a), receivedBy(world, a, b)];
  if (atA === null || atB === null) return null;
  const isWhole = !isGuest(atA) && !isGuest(atB);
  return { lane: isWhole ? 'whole' : 'recovery', received: [atA, atB] };
}

/**
 * In how many milliseconds a link of the two has to end: with the first lease by the clock of
 * whoever it was shown to, and at once where one of them would not have it any more (§6.4).
 */
export function partInMs(world: World, a: Machine, b: Machine, known: Acquaintance): number {
  const [atA, atB] = known.received;
  const ends = [restOf(world, a, atA), restOf(world, b, atB)];
  return Math.max(0, Math.min(...ends));
}

/** How long a machine would still have a link with whoever showed this. */
function restOf(world: World, { node, clock }: Machine, received: Received): number {
  if (node === null || isGuest(received)) return 0;
  const now = clock.now(world.now);
  const allowed = refusalOf(() => node.checkPeering(now, received));
  if (allowed instanceof Refusal || node.hasRevoked(received.domain, received.node)) return 0;
  return received.notAfter - node.clockOf(received.domain, now);
}

/** True for whoever proved no lease that counts there. */
export function isGuest(received: Received): received is Guest {
  return received.kind === 'guest';
}

function receivedBy(world: World, from: Machine, to: Machine): Received | null {
  if (from.node === null || to.node === null) return null;
  const [prover, judge] = [from.node, to.node];
  const hash = sha256(toUtf8(`${from.name}/${to.name}/${world.now}`));
  const received = refusalOf(() => handshakeOf(world, hash, { from, prover, to, judge }));
  return received instanceof Refusal ? null : received;
}

interface Ends {
  readonly from: Machine;
  readonly prover: FederationNode;
  readonly to: Machine;
  readonly judge: FederationNode;
}

function handshakeOf(world: World, hash: Uint8Array, { from, prover, to, judge }: Ends): Received {
  const proof = prover.prove(from.clock.now(world.now), 'initiator', hash);
  return judge.receivePeer(to.clock.now(world.now), 'initiator', hash, proof);
}
