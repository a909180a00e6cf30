/** A full disk: nothing can be written; what should have been is owed. */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

export const fullDisk: Fault = {
  name: 'full-disk',
  family: 'disk',
  draw: oneFor(10 * MINUTE_MS),
  begin: (world, happening) => {
    const machines = machinesOf(world, happening);
    for (const machine of machines) machine.disk.full = true;
    return () => {
      for (const machine of machines) machine.disk.full = false;
    };
  },
};
