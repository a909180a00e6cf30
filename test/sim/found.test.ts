/** Seeds that once broke a sentence, each with what it had found. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runSeed } from '../../sim/run.ts';
import { resized } from '../../sim/scenario.ts';
import { scenarioNamed } from '../../sim/scenarios/table.ts';

const found = suite('sim/found');

/** The swarm's world of so many machines, and what was wrong there. */
const SEEDS = [
  {
    nodes: 12,
    seed: 14,
    was: 'a bundle file was carried away while its beacon was owed to the disk',
  },
  { nodes: 6, seed: 482, was: 'power ended within the first step after a pause' },
] as const;

for (const { nodes, seed, was } of SEEDS) {
  found(`seed ${seed} at ${nodes} machines holds: ${was}`, () => {
    const scenario = resized(scenarioNamed('swarm'), { nodes, minutes: null });
    const { verdict, sentence, why } = runSeed({ scenario, seed });
    assert.is(verdict, 'held', `${sentence}: ${why}`);
  });
}

found.run();
