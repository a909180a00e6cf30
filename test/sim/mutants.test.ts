/** Harness honesty: every planted mistake is found by a fixed set of seeds. Timeout: 900 s */

import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MutantFate, MutantTask } from './mutant-worker.ts';
import { MUTANTS, type Mutant, WORLD } from './mutants.ts';

const mutants = suite('sim/mutants');

const SEEDS = 400;

function fateOf(mutant: Mutant): Promise<MutantFate> {
  const { faults, world } = mutant;
  const task: MutantTask = { mutant, seeds: SEEDS, scenario: { ...WORLD, ...world, faults } };
  const worker = new Worker(new URL('./mutant-worker.js', import.meta.url));
  worker.postMessage(task);
  return new Promise((resolve, reject) => {
    worker.on('message', (fate: MutantFate) => {
      resolve(fate);
      void worker.terminate();
    });
    worker.on('error', reject);
  });
}

for (const mutant of MUTANTS) {
  mutants(`are killed when ${mutant.name}`, async () => {
    const { planted, killedBy } = await fateOf(mutant);
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
  const { killedBy } = await fateOf(none);
  assert.is(killedBy, null, JSON.stringify(killedBy));
});

mutants.run();
