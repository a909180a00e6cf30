/**
 * People make a Root by hand, and give a new beacon key the rank that an old one had. No machine
 * takes it; they notice, and keep nothing of it.
 */

import { offerMisnumberedRoot } from '../ceremony.ts';
import type { Fault } from '../happening.ts';
import { writersOf } from './victims.ts';

export const misnumbering: Fault = {
  name: 'misnumbering',
  family: 'people',
  draw: (dice, { authorities }) => ({ on: [dice.pick(authorities)], forMs: 0, amount: 0 }),
  begin: (world, happening) => {
    for (const machine of writersOf(world, happening)) offerMisnumberedRoot(world, machine);
    return () => undefined;
  },
};
