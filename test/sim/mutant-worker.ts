/** A thread that loads the shipping code with one line changed, and runs seeds until one fails. */

import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { RunResult } from '../../sim/run.ts';
import type { Scenario } from '../../sim/scenario.ts';
import type { Mutant } from './mutants.ts';

/** What the thread is started with. */
export interface MutantTask {
  readonly mutant: Mutant;
  readonly scenario: Scenario;
  readonly seeds: number;
}

/** What it found: how often the line was there, and the first run that failed. */
export interface MutantFate {
  readonly planted: number;
  readonly killedBy: Pick<RunResult, 'seed' | 'verdict' | 'sentence' | 'why'> | null;
}

const { mutant, scenario, seeds } = workerData as MutantTask;
let planted = 0;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(`/dist/${mutant.file}`)) return loaded;
    const source = String(loaded.source);
    planted = source.split(mutant.find).length - 1;
    return { ...loaded, source: source.replace(mutant.find, () => mutant.replace) };
  },
});

const { runSeed } = await import('../../sim/run.js' as string);
let killedBy: MutantFate['killedBy'] = null;
for (let seed = 1; seed <= seeds && killedBy === null; seed++) {
  const result: RunResult = runSeed({ scenario, seed });
  if (result.verdict !== 'held') killedBy = result;
}
parentPort?.postMessage({ planted, killedBy } satisfies MutantFate);
