/** The real-time clock lost its battery: the machine boots in the year 2000. */

import { HOUR_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

export const rtcReset: Fault = {
  name: 'rtc-reset',
  family: 'clock',
  draw: oneFor(HOUR_MS),
  begin: (world, happening) => {
    const machines = machinesOf(world, happening);
    for (const machine of machines) {
      machine.stop(true);
      machine.clock.resetRtc(world.now);
      machine.boot();
    }
    return () => {
      for (const { clock } of machines) clock.correct(world.now);
    };
  },
};
