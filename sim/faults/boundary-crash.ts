/**
 * A crash at a boundary: power ends right before or after a persist or a send. Crashes at random
 * times almost never hit the moments between two effects, where the mistakes are.
 */

import type { Fault } from '../happening.ts';
import { machinesOf } from './victims.ts';

export const boundaryCrash: Fault = {
  name: 'boundary-crash',
  family: 'power',
  draw: (dice, { machines }) => ({
    on: [dice.pick(machines)],
    forMs: 0,
    amount: dice.between(1, 24),
  }),
  begin: (world, happening) => {
    for (const machine of machinesOf(world, happening)) machine.armed = happening.amount;
    return () => undefined;
  },
};
