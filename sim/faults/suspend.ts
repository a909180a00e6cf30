/** Suspend: the machine sleeps; its boot clock counts on, its links are gone. */

import { HOUR_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

export const suspend: Fault = {
  name: 'suspend',
  family: 'power',
  draw: oneFor(HOUR_MS),
  begin: (world, happening) => {
    const machines = machinesOf(world, happening);
    for (const machine of machines) machine.sleep();
    return () => {
      for (const machine of machines) machine.resume();
    };
  },
};
