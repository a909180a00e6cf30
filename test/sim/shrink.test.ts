/** A planted mistake is found, and shrunk to its cause. Timeout: 300 s */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runSeed } from '../../sim/run.ts';
import { parseScenario } from '../../sim/scenario.ts';
import { fateOf } from './mutant-fate.ts';
import { MUTANTS } from './mutants.ts';

const shrinking = suite('sim/shrink');

const SEEDS = 400;
const HAPPENINGS_MAX = 10;

shrinking('leaves of a driver that sends before it persists ten happenings at most', async () => {
  const mutant = MUTANTS.find(({ name }) => name === 'a driver sends before it persists');
  assert.ok(mutant !== undefined);
  const { killedBy, shrunk } = await fateOf(mutant, { seeds: SEEDS, shrinks: true });
  assert.ok(killedBy !== null && shrunk !== null);
  const { scenario, seed } = parseScenario(shrunk);
  assert.ok(scenario.happenings.length <= HAPPENINGS_MAX);
  console.log(`  seed ${seed}: ${scenario.happenings.map(({ fault }) => fault).join(', ')}`);
  // It is the mistake that is found: without it the same scenario holds.
  const { verdict, why } = runSeed({ scenario, seed: seed ?? 0 });
  assert.is(verdict, 'held', why);
});

shrinking.run();
