/** Seeds of the build's own swarm a second, on one core. */

import { runSeed } from '../../sim/run.ts';
import { scenarioNamed } from '../../sim/scenarios/table.ts';
import { type Bench, measureRates } from './bench.ts';

const WORLD = { ...scenarioNamed('swarm'), domains: 2, followers: 1, minutes: 8 };
/** A seed takes longer than the turns of others. */
const PACE = { rounds: 15, roundMs: 150, warmUpMs: 300 };
let seed = 0;

/** `sim.seeds` */
export const bench: Bench = {
  name: 'sim.seeds',
  unit: 'seeds/s',
  measure: () => measureRates(() => runSeed({ scenario: WORLD, seed: ++seed }), undefined, PACE),
};
