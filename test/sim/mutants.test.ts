/** Harness honesty: every planted mistake is found by a fixed set of seeds. Timeout: 900 s */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fateOf } from './mutant-fate.ts';
import { MUTANTS, type Mutant } from './mutants.ts';

const mutants = suite('sim/mutants');

const SEEDS = 400;

for (const mutant of MUTANTS) {
  mutants(`are killed when ${mutant.name}`, async () => {
    const { planted, killedBy } = await fateOf(mutant, { seeds: SEEDS, shrinks: false });
    assert.is(planted, 1, `${mutant.file} holds the line once`);
    assert.ok(killedBy !== null, `${SEEDS} seeds held`);
    if (killedBy !== null) {
      console.log(`  ${mutant.name}: seed ${killedBy.seed}, ${killedBy.sentence}: ${killedBy.why}`);
    }
  });
}

mutants('that are not planted break nothing', async () => {
  const none: Mutant = {
    name: 'nothing is wrong',
    file: 'sim/run.js',
    find: 'export function runSeed',
    replace: 'export function runSeed',
    faults: [...new Set(MUTANTS.flatMap(({ faults }) => faults))],
  };
  const { killedBy } = await fateOf(none, { seeds: SEEDS, shrinks: false });
  assert.is(killedBy, null, JSON.stringify(killedBy));
});

mutants.run();
