/** A partition: two groups that cannot reach each other; with several at once, more than two. */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { cutting, wiresAcross } from './wires.ts';

export const partition: Fault = {
  name: 'partition',
  family: 'network',
  draw: (dice, { machines }) => {
    if (machines.length < 2) return null;
    const size = 1 + dice.below(machines.length - 1);
    const on = dice.shuffle(machines).slice(0, size).sort();
    return { on, forMs: 1 + dice.wait(20 * MINUTE_MS), amount: 0 };
  },
  begin: (world, { on }) => cutting(world, wiresAcross(world, on)),
};
