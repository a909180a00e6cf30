/**
 * A standby stands in: the writer of a domain has no power, with an odd `amount`, or is cut off,
 * with an even one. Half-way the people at the next machine in turn revoke its key, and take over
 * (PROTOCOL §2.5); at the end the writer is back, and has to hear of it.
 */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { revokeSpeaker } from './taking-over.ts';
import { writersOf } from './victims.ts';
import { cutting, wiresAt } from './wires.ts';

export const standingIn: Fault = {
  name: 'standing-in',
  family: 'people',
  draw: (dice, { authorities, standbys }) =>
    standbys.length === 0
      ? null
      : {
          on: [dice.pick(authorities)],
          forMs: 2 + dice.wait(20 * MINUTE_MS),
          amount: dice.below(1_000),
        },
  begin: (world, happening) => {
    const ends = writersOf(world, happening).map((writer) => {
      const back = happening.amount % 2 === 0 ? parted(world, writer) : unpowered(writer);
      const authorities = world.authoritiesOf(writer.domain);
      const next = authorities[authorities.indexOf(writer) + 1];
      if (next !== undefined) {
        world.after(happening.forMs / 2, () => {
          if (!world.calm && next.power === 'on') revokeSpeaker(world, next);
        });
      }
      return back;
    });
    return () => {
      for (const back of ends) back();
    };
  },
};

function parted(world: World, { name }: Machine): () => void {
  return cutting(world, wiresAt(world, [name]));
}

function unpowered(writer: Machine): () => void {
  writer.stop(true);
  return () => {
    if (writer.power === 'off') writer.boot();
  };
}
