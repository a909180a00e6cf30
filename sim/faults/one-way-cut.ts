/** A one-way cut: the first machine hears the second, and is not heard by it. */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { cutting, wiresWithin } from './wires.ts';

export const oneWayCut: Fault = {
  name: 'one-way-cut',
  family: 'network',
  draw: (dice, { machines }) =>
    machines.length < 2
      ? null
      : {
          on: dice.shuffle(machines).slice(0, 2),
          forMs: 1 + dice.wait(10 * MINUTE_MS),
          amount: 0,
        },
  begin: (world, { on }) =>
    cutting(
      world,
      wiresWithin(world, on).filter(({ from }) => from.name === on[0]),
    ),
};
