/**
 * A run: one scenario, one seed, from the first boot to the last look of every checker.
 */

import type { Suite } from '../core/suite.ts';
import { MINUTE_MS } from '../core/time.ts';
import { Stuck, Violation } from './checker.ts';
import { settle } from './coalition.ts';
import { drawHappenings, type Happening } from './happening.ts';
import { heal } from './healing.ts';
import { sampleRegularly } from './sampling.ts';
import type { Scenario } from './scenario.ts';
import { standInSuite } from './stand-in-suite.ts';
import { World } from './world.ts';

/** How a run ended: `safety` an invariant broke, `liveness` it did not heal, `crash` it threw. */
export type Verdict = 'held' | 'safety' | 'liveness' | 'crash';

export interface RunOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly suite?: Suite;
  /** Keep what a report shows. */
  readonly records?: boolean;
  /** What befalls whom; drawn from the seed where absent. */
  readonly happenings?: readonly Happening[];
}

export interface RunResult {
  readonly seed: number;
  readonly scenario: string;
  readonly verdict: Verdict;
  /** The sentence that broke, or what was thrown. */
  readonly sentence: string;
  readonly why: string;
  readonly at: number;
  readonly events: number;
  readonly lines: number;
  readonly traceHash: string;
  readonly coverage: readonly (readonly [string, number])[];
  readonly happenings: readonly Happening[];
  readonly tail: readonly string[];
}

/** Runs, and keeps the world for whoever wants to look at it. */
export function runWorld(options: RunOptions): {
  readonly world: World;
  readonly result: RunResult;
} {
  const { scenario, seed, suite = standInSuite, records = false } = options;
  const happenings = options.happenings ?? drawHappenings(scenario, seed);
  const world = new World(scenario, seed, suite, records);
  const ended = endOf(world, happenings);
  const result: RunResult = {
    seed,
    scenario: scenario.name,
    ...ended,
    at: world.now,
    events: world.events,
    lines: world.trace.lines,
    traceHash: world.trace.digest(),
    coverage: world.coverage.entries(),
    happenings,
    tail: ended.verdict === 'held' ? [] : world.trace.tail(),
  };
  return { world, result };
}

/** Runs one seed. Total: whatever is thrown inside is a verdict. */
export function runSeed(options: RunOptions): RunResult {
  return runWorld(options).result;
}

function endOf(
  world: World,
  happenings: readonly Happening[],
): Pick<RunResult, 'verdict' | 'sentence' | 'why'> {
  try {
    settle(world, happenings);
    if (world.history.recording) sampleRegularly(world);
    world.runUntil(world.scenario.minutes * MINUTE_MS);
    if (world.scenario.heals) heal(world);
    world.end();
    return { verdict: 'held', sentence: '', why: '' };
  } catch (error) {
    if (error instanceof Violation) {
      return { verdict: 'safety', sentence: error.sentence, why: error.message };
    }
    if (error instanceof Stuck) {
      return { verdict: 'liveness', sentence: 'a healed coalition agrees', why: error.message };
    }
    const trouble = error instanceof Error ? error : new Error(String(error));
    const where = (trouble.stack ?? '').split('\n').slice(0, 4).join(' | ');
    return { verdict: 'crash', sentence: trouble.name, why: where };
  }
}
