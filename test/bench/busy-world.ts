/** Prints the events a second of a world of forty domains, by what they take of the processor. */

import { runSeed } from '../../sim/run.ts';
import { PLAIN } from '../../sim/scenario.ts';
import { threadMs } from './bench.ts';

/** Large enough that compiling is not what is measured. */
const WORLD = { ...PLAIN, domains: 40 };
const SEEDS = 2;
const WARM_UP = { ...WORLD, minutes: 20 };

runSeed({ scenario: WARM_UP, seed: 0 });
const startedMs = threadMs();
let events = 0;
for (let seed = 1; seed <= SEEDS; seed++) events += runSeed({ scenario: WORLD, seed }).events;
console.log((events * 1_000) / (threadMs() - startedMs));
