/** Events a second of a whole world on one core, every checker on. */

import { runSeed } from '../../sim/run.ts';
import { PLAIN } from '../../sim/scenario.ts';
import { type Bench, threadMs } from './bench.ts';

/** Large enough that compiling is not what is measured. */
const WORLD = { ...PLAIN, domains: 40 };
const SEEDS = 2;
const WARM_UP = { ...WORLD, minutes: 20 };

/** `sim.events` */
export const bench: Bench = {
  name: 'sim.events',
  unit: 'events/s',
  measure: () => {
    runSeed({ scenario: WARM_UP, seed: 0 });
    const startedMs = threadMs();
    let events = 0;
    for (let seed = 1; seed <= SEEDS; seed++) events += runSeed({ scenario: WORLD, seed }).events;
    return { value: (events * 1_000) / (threadMs() - startedMs) };
  },
};
