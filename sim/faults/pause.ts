/** A pause: the process stands still and goes on as if nothing had been (SIGSTOP, a slow host). */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

export const pause: Fault = {
  name: 'pause',
  family: 'power',
  draw: oneFor(2 * MINUTE_MS),
  begin: (world, happening) => {
    const machines = machinesOf(world, happening);
    for (const machine of machines) machine.pause();
    return () => {
      for (const machine of machines) machine.resume();
    };
  },
};
