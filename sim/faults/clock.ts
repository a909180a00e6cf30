/** The shape that clock faults share. */

import type { Fault, Happening } from '../happening.ts';
import type { MachineClock } from '../machine-clock.ts';
import type { World } from '../world.ts';
import { machinesOf, oneFor } from './victims.ts';

/** A fault of one machine's clock: `spoil` it, and `mend` it when the time is over. */
export function clockFault(
  name: string,
  measure: { readonly low: number; readonly high: number; readonly forMs: number },
  spoil: (clock: MachineClock, t: number, amount: number) => void,
  mend: (clock: MachineClock, t: number) => void,
): Fault {
  return {
    name,
    family: 'clock',
    draw: oneFor(measure.forMs, (dice) => dice.between(measure.low, measure.high)),
    begin: (world: World, happening: Happening) => {
      const machines = machinesOf(world, happening);
      for (const { clock } of machines) spoil(clock, world.now, happening.amount);
      return () => {
        for (const { clock } of machines) mend(clock, world.now);
      };
    },
  };
}
