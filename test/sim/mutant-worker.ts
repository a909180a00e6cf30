/** A thread that loads the shipping code with one line changed, and runs seeds until one fails. */

import { registerHooks } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { RunResult } from '../../sim/run.ts';
import type { Scenario } from '../../sim/scenario.ts';
import type { Mutant } from './mutants.ts';

/** What the thread is started with. */
export interface MutantTask {
  readonly mutant: Mutant;
  readonly scenario: Scenario;
  readonly seeds: number;
  /** Cut the first failing run down to its cause as well. */
  readonly shrinks: boolean;
}

/** What it found: how often the line was there, and the first run that failed. */
export interface MutantFate {
  readonly planted: number;
  readonly killedBy: Pick<RunResult, 'seed' | 'verdict' | 'sentence' | 'why'> | null;
  /** The scenario file that it was cut down to, where that was asked for. */
  readonly shrunk: Uint8Array | null;
}

parentPort?.once('message', async (task: MutantTask) => {
  parentPort?.postMessage(await fateOf(task));
});

async function fateOf({ mutant, scenario, seeds, shrinks }: MutantTask): Promise<MutantFate> {
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
  // Only now: whatever is imported before the hook is loaded as it ships.
  const { runSeed } = await import('../../sim/run.ts');
  const { encodeScenario } = await import('../../sim/scenario.ts');
  for (let seed = 1; seed <= seeds; seed++) {
    const result = runSeed({ scenario, seed });
    if (result.verdict === 'held') continue;
    if (!shrinks) return { planted, killedBy: result, shrunk: null };
    const { shrink } = await import('../../sim/shrink.ts');
    const small = shrink(scenario, result);
    return { planted, killedBy: result, shrunk: encodeScenario(small.scenario, small.seed) };
  }
  return { planted, killedBy: null, shrunk: null };
}
