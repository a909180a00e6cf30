/** A reboot loop: power comes and goes every `amount` milliseconds. */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

export const rebootLoop: Fault = {
  name: 'reboot-loop',
  family: 'power',
  draw: oneFor(5 * MINUTE_MS, (dice) => dice.between(SECOND_MS, MINUTE_MS)),
  begin: (world, happening) => {
    const machines = machinesOf(world, happening);
    let over = false;
    const loop = (): void => {
      if (over) return;
      for (const machine of machines) {
        machine.stop(true);
        machine.boot();
      }
      world.after(happening.amount, loop);
    };
    loop();
    return () => {
      over = true;
      for (const machine of machines) if (machine.power === 'off') machine.boot();
    };
  },
};
