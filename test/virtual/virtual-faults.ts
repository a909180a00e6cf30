/**
 * What may befall a virtual coalition: the faults of the simulator that reach real libp2p, by the
 * names and amounts that scenario files give them (`sim/faults/`), and why the others do not.
 */

import { ADVERSARY_FAULTS } from './adversary-faults.ts';
import { MACHINE_FAULTS } from './machine-faults.ts';
import { PATH_FAULTS } from './path-faults.ts';
import { PEOPLE_FAULTS } from './people-faults.ts';
import type { Begin } from './virtual-fault.ts';

/** Every fault that is known here. */
export const VIRTUAL_FAULTS: ReadonlyMap<string, Begin> = new Map<string, Begin>([
  ...PATH_FAULTS,
  ...MACHINE_FAULTS,
  ...ADVERSARY_FAULTS,
  ...PEOPLE_FAULTS,
]);

const TCP = 'TCP brings everything once and in order';
const ONE_PROCESS = 'the daemons are one process, and none of them stands still alone';

/** What cannot be here, and why. */
const STRANGE_FAULTS: ReadonlyMap<string, string> = new Map([
  ['duplication', TCP],
  ['reordering', TCP],
  ['pause', ONE_PROCESS],
  ['suspend', ONE_PROCESS],
]);

/** Why a fault does not reach real libp2p; null where it does. */
export function whyNoFault(name: string): string | null {
  if (VIRTUAL_FAULTS.has(name)) return null;
  const why = STRANGE_FAULTS.get(name) ?? 'only the simulator does that';
  return `${name}: ${why}; npm run sim shows it`;
}
