/**
 * A second opinion: one seed in so many runs again with the real suite, and has to come to the same
 * end and the same beliefs. The others rest on signatures that are stood in for. Traces may differ:
 * what is sent in the order of digests comes in another order under other keys.
 */

import { runtimeSuite } from '../core/runtime-suite.ts';
import { type RunOptions, type RunResult, runSeed } from './run.ts';

/** Of the seeds of a swarm, every one that this divides. */
export const SECOND_OPINION_EVERY = 250;

/** Runs a seed of a swarm, and once more with the real suite where its turn has come. */
export function runWithSecondOpinion(options: RunOptions): RunResult {
  const result = runSeed(options);
  if (options.seed % SECOND_OPINION_EVERY !== 0 || result.verdict !== 'held') return result;
  const real = runSeed({ ...options, suite: runtimeSuite() });
  const agree = real.verdict === 'held' && real.beliefs === result.beliefs;
  if (!agree) {
    const why = `${real.verdict} ${real.why} after ${real.lines} lines`;
    return { ...result, verdict: 'safety', sentence: 'either suite comes to the same', why };
  }
  const coverage = [...result.coverage, ['suite: the real one agreed', 1] as const];
  return { ...result, coverage };
}
