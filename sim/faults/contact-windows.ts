/**
 * Contact windows: the machines reach the others for `amount` milliseconds of every hour only, as
 * under a satellite or when a convoy passes.
 */

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { cutting, wiresAcross } from './wires.ts';

export const contactWindows: Fault = {
  name: 'contact-windows',
  family: 'network',
  draw: (dice, { machines }) => ({
    on: [dice.pick(machines)],
    forMs: HOUR_MS + dice.wait(4 * HOUR_MS),
    amount: dice.between(2 * MINUTE_MS, 20 * MINUTE_MS),
  }),
  begin: (world, { on, amount }) => {
    let over = false;
    let mend = cutting(world, wiresAcross(world, on));
    const open = (): void => {
      if (over) return;
      mend();
      world.after(amount, () => {
        if (over) return;
        mend = cutting(world, wiresAcross(world, on));
        world.after(HOUR_MS - amount, open);
      });
      mend = () => undefined;
    };
    world.after(HOUR_MS - amount, open);
    return () => {
      over = true;
      mend();
    };
  },
};
