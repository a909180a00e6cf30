/** A clog: nothing arrives for a while, then all of it does at once. */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { wiresAt } from './wires.ts';

export const clog: Fault = {
  name: 'clog',
  family: 'network',
  draw: (dice, { machines }) => ({
    on: [dice.pick(machines)],
    forMs: 0,
    amount: dice.between(SECOND_MS, 5 * MINUTE_MS),
  }),
  begin: (world, { on, amount }) => {
    for (const wire of wiresAt(world, on)) wire.cloggedUntil = world.now + amount;
    return () => undefined;
  },
};
