/** Events a second of a whole world on one core, every checker on. */

import { runSeed } from '../../sim/run.ts';
import { PLAIN } from '../../sim/scenario.ts';
import type { Bench } from './bench.ts';

const SEEDS = 4;
const WARM_UP = { ...PLAIN, minutes: 20 };

/** `sim.events` */
export const bench: Bench = {
  name: 'sim.events',
  unit: 'events/s',
  measure: () => {
    runSeed({ scenario: WARM_UP, seed: 0 });
    const started = performance.now();
    let events = 0;
    for (let seed = 1; seed <= SEEDS; seed++) events += runSeed({ scenario: PLAIN, seed }).events;
    return { value: (events * 1_000) / (performance.now() - started) };
  },
};
