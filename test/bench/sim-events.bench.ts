/** Events a second of a whole world on one core, every checker on. */

import { measuredAsSim } from './as-sim.ts';
import type { Bench } from './bench.ts';

/** `sim.events` */
export const bench: Bench = {
  name: 'sim.events',
  unit: 'events/s',
  measure: () => ({ value: measuredAsSim('busy-world.js') }),
};
