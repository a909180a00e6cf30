/** How whoever stole a key says what it made with that: to all it is linked with. */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import { encodeFrame } from '../../federation/message.ts';
import { TICK_BYTES } from '../../federation/tick.ts';
import type { Dice } from '../dice.ts';
import type { Shape } from '../happening.ts';
import type { Machine } from '../machine.ts';
import { gossipOf } from '../network.ts';
import type { World } from '../world.ts';

/**
 * Sends an envelope or a tick over every link of the thief, and floods it; `forgedFor` names the
 * domain that the stolen keys are not enough for.
 */
export function sayToAll(
  world: World,
  thief: Machine,
  bytes: Uint8Array,
  forgedFor: TrustDomain | null = null,
): void {
  const kind = bytes.length === TICK_BYTES ? 'tick' : 'envelope';
  const frame = encodeFrame({ kind, bytes });
  for (const other of neighboursOf(world, thief)) {
    thief.adversary?.send(other.name, frame, forgedFor);
  }
  world.network.flood(thief, gossipOf(bytes, forgedFor), null);
}

/** Whom a machine is linked with, or would be if nothing were cut. */
export function neighboursOf(world: World, machine: Machine): readonly Machine[] {
  return world.network
    .linksOf(machine)
    .map(({ wires: [{ from, to }] }) => (from === machine ? to : from));
}

/**
 * The machine that is in the hands of whoever steals what people keep: the same one for all those
 * thefts of a run, so that enough others stay honest.
 */
export function thiefIn({ followers, authorities }: Shape): string | null {
  return followers.at(-1) ?? authorities.at(-1) ?? null;
}

/** That machine, and an authority that it is not: nobody steals from himself. Null for none. */
export function theftIn(dice: Dice, shape: Shape): readonly [string, string] | null {
  const thief = thiefIn(shape);
  const victims = shape.authorities.filter((name) => name !== thief);
  return thief === null || victims.length === 0 ? null : [thief, dice.pick(victims)];
}
