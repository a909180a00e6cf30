/** Isolation: one machine reaches nobody. */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { cutting, wiresAt } from './wires.ts';

export const isolation: Fault = {
  name: 'isolation',
  family: 'network',
  draw: (dice, { machines }) => ({
    on: [dice.pick(machines)],
    forMs: 1 + dice.wait(30 * MINUTE_MS),
    amount: 0,
  }),
  begin: (world, { on }) => cutting(world, wiresAt(world, on)),
};
