/** A power cut: the batch under way is there or not, the next boot is another. */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

export const powerCut: Fault = {
  name: 'power-cut',
  family: 'power',
  draw: oneFor(10 * MINUTE_MS),
  begin: (world, happening) => {
    const machines = machinesOf(world, happening);
    for (const machine of machines) machine.stop(true);
    return () => {
      for (const machine of machines) if (machine.power === 'off') machine.boot();
    };
  },
};
