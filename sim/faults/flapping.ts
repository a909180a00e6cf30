/** A flapping link: cut and mended again and again, `amount` milliseconds each. */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { cutting, wiresAt } from './wires.ts';

export const flapping: Fault = {
  name: 'flapping',
  family: 'network',
  draw: (dice, { machines }) => ({
    on: [dice.pick(machines)],
    forMs: 1 + dice.wait(5 * MINUTE_MS),
    amount: dice.between(SECOND_MS, MINUTE_MS),
  }),
  begin: (world, { on, amount }) => {
    let mend: (() => void) | null = null;
    let over = false;
    const flap = (): void => {
      if (over) return;
      if (mend === null) mend = cutting(world, wiresAt(world, on));
      else {
        mend();
        mend = null;
      }
      world.after(amount, flap);
    };
    flap();
    return () => {
      over = true;
      mend?.();
    };
  },
};
