/** A bridge: the first machine named alone joins the others named with the rest. */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { cutting, wiresAcross } from './wires.ts';

export const bridge: Fault = {
  name: 'bridge',
  family: 'network',
  draw: (dice, { machines }) => {
    if (machines.length < 3) return null;
    const on = dice.shuffle(machines).slice(0, 2 + dice.below(machines.length - 2));
    return { on, forMs: 1 + dice.wait(20 * MINUTE_MS), amount: 0 };
  },
  begin: (world, { on }) => {
    const [middle, ...side] = on;
    const wires = wiresAcross(world, side).filter(
      ({ from, to }) => from.name !== middle && to.name !== middle,
    );
    return cutting(world, wires);
  },
};
