/** What a fault is over real libp2p; which there are stands in virtual-faults.ts. */

import type { Happening } from '../../sim/happening.ts';
import type { VirtualCoalition } from './virtual-coalition.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** Makes it happen; returns how it ends. */
export type Begin = (coalition: VirtualCoalition, happening: Happening) => () => void;
/** Its name in scenario files, and how it begins. */
export type VirtualFault = readonly [string, Begin];

/** The end of what has none. */
export const LASTING = (): void => undefined;

/** The machines that a happening names. */
export function machinesOf(
  coalition: VirtualCoalition,
  { on }: Happening,
): readonly VirtualMachine[] {
  return on.map((name) => coalition.machine(name));
}

/** A fault of each machine by itself. */
export function onEach(
  begin: (machine: VirtualMachine, happening: Happening, coalition: VirtualCoalition) => () => void,
): Begin {
  return (coalition, happening) => {
    const ends = machinesOf(coalition, happening).map((machine) =>
      begin(machine, happening, coalition),
    );
    return () => {
      for (const end of ends) end();
    };
  };
}
