/**
 * A handshake as checkers try it: one machine proves itself to another, and nothing is sent.
 */

import { toUtf8 } from '../core/bytes.ts';
import { sha256 } from '../core/digest.ts';
import type { Lease } from '../federation/lease.ts';
import type { Guest } from '../federation/node.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/**
 * What `to` takes `from` for, or null where one of them has no power. Refuses as `prove` and
 * `receivePeer` do.
 */
export function receivedBy(world: World, from: Machine, to: Machine): Lease | Guest | null {
  if (from.node === null || to.node === null) return null;
  const hash = sha256(toUtf8(`${from.name}/${to.name}/${world.now}`));
  const proof = from.node.prove(from.clock.now(world.now), 'initiator', hash);
  return to.node.receivePeer(to.clock.now(world.now), 'initiator', hash, proof);
}
