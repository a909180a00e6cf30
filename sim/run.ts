/**
 * A run: one scenario, one seed, from the first boot to the last look of every checker.
 */

import type { Suite } from '../core/suite.ts';
import { MINUTE_MS } from '../core/time.ts';
import { digestOfBeliefs } from './beliefs.ts';
import { Stuck, Violation } from './checker.ts';
import { settle } from './coalition.ts';
import { drawHappenings, type Happening } from './happening.ts';
import { heal } from './healing.ts';
import { sampleRegularly } from './sampling.ts';
import type { Scenario } from './scenario.ts';
import { standInSuite } from './stand-in-suite.ts';
import { World } from './world.ts';

/**
 * How a run ended: `safety` an invariant broke, `liveness` it did not heal, `crash` it threw,
 * `interrupted` somebody had enough.
 */
export type Verdict = 'held' | 'safety' | 'liveness' | 'crash' | 'interrupted';

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
  /** What all believe in the end, as a digest that either suite comes to. */
  readonly beliefs: string;
  readonly coverage: readonly (readonly [string, number])[];
  readonly happenings: readonly Happening[];
  readonly tail: readonly string[];
}

/** A run and the world it left behind. */
export interface Run {
  readonly world: World;
  readonly result: RunResult;
}

/** Runs, and keeps the world for whoever wants to look at it. */
export function runWorld(options: RunOptions): Run {
  const started = start(options);
  for (;;) {
    const { done, value } = started.course.next();
    if (done === true) return runOf(started, value);
  }
}

/**
 * The same, with pauses: at each of them `pause` may end the run early, with what it has come to so
 * far.
 */
export async function runPatiently(
  options: RunOptions,
  pause: (world: World) => Promise<'go on' | 'end'>,
): Promise<Run> {
  const started = start(options);
  for (;;) {
    const { done, value } = started.course.next();
    if (done === true) return runOf(started, value);
    if ((await pause(started.world)) === 'end') return runOf(started, INTERRUPTED);
  }
}

interface Started {
  readonly options: RunOptions;
  readonly world: World;
  readonly happenings: readonly Happening[];
  readonly course: Generator<undefined, Ending, undefined>;
}

type Ending = Pick<RunResult, 'verdict' | 'sentence' | 'why'>;

const HELD: Ending = { verdict: 'held', sentence: '', why: '' };
const INTERRUPTED: Ending = { verdict: 'interrupted', sentence: 'interrupted', why: 'by a person' };
const PAUSES = 1_000;
/** Between two pauses: in a large world much happens in a thousandth of the time. */
const EVENTS_MAX = 2_000;

function start(options: RunOptions): Started {
  const { scenario, seed, suite = standInSuite, records = false } = options;
  const happenings = options.happenings ?? drawHappenings(scenario, seed);
  const world = new World(scenario, seed, suite, records);
  return { options, world, happenings, course: courseOf(world, happenings) };
}

function runOf({ options, world, happenings }: Started, ended: Ending): Run {
  const { scenario, seed } = options;
  const result: RunResult = {
    seed,
    scenario: scenario.name,
    ...ended,
    at: world.now,
    events: world.events,
    lines: world.trace.lines,
    traceHash: world.trace.digest(),
    beliefs: digestOfBeliefs(world),
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

function* courseOf(
  world: World,
  happenings: readonly Happening[],
): Generator<undefined, Ending, undefined> {
  try {
    settle(world, happenings);
    if (world.history.recording) sampleRegularly(world);
    const endMs = world.scenario.minutes * MINUTE_MS;
    for (let i = 1; i <= PAUSES; i++) {
      while (!world.runUntil(Math.floor((endMs * i) / PAUSES), EVENTS_MAX)) yield;
      yield;
    }
    if (world.scenario.heals) heal(world);
    world.end();
    return HELD;
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
