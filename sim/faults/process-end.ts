/** The process ends and is started again in the same boot. */

import { SECOND_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

export const processEnd: Fault = {
  name: 'process-end',
  family: 'power',
  draw: oneFor(20 * SECOND_MS),
  begin: (world, happening) => {
    const stopped = machinesOf(world, happening).filter(({ power }) => power !== 'off');
    for (const machine of stopped) machine.stop(false);
    return () => {
      for (const machine of stopped) if (machine.power === 'off') machine.startProcess();
    };
  },
};
