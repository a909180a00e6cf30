/**
 * A swarm: many seeds of one scenario, and what they came to together.
 *
 * Pure bookkeeping; where the runs happen is the host's business (`host/pool.ts`).
 */

import { pointsOf } from './points.ts';
import type { RunResult } from './run.ts';
import type { Scenario } from './scenario.ts';

/** A swarm of so many runs reaches every point; a smaller one may miss a rare one by chance. */
export const RUNS_TO_REACH_ALL = 500;

/** Seeds that were run one after the other, first and last, and what they came to. */
export interface Stretch {
  readonly seeds: readonly [number, number];
  readonly events: number;
  /** Every point, in how many runs it was reached and how often. */
  readonly coverage: readonly (readonly [string, number, number])[];
}

export class Swarm {
  readonly scenario: Scenario;
  readonly failed: RunResult[] = [];
  readonly #seen = new Map<string, { runs: number; times: number }>();
  runs = 0;
  events = 0;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
  }

  add(result: RunResult): void {
    this.runs += 1;
    this.events += result.events;
    if (result.verdict !== 'held') this.failed.push(result);
    for (const [point, times] of result.coverage) this.#saw(point, 1, times);
  }

  /** What is known of runs that held, without running them again. */
  addStretch({ seeds: [from, to], events, coverage }: Stretch): void {
    this.runs += to - from + 1;
    this.events += events;
    for (const [point, runs, times] of coverage) this.#saw(point, runs, times);
  }

  /** Kinds of faults that some run had. */
  get faultsSeen(): number {
    return [...this.#seen.keys()].filter((point) => point.startsWith('fault: ')).length;
  }

  /** Points that no run reached. */
  get missed(): readonly string[] {
    return pointsOf(this.scenario).filter((point) => !this.#seen.has(point));
  }

  /** True for a swarm that cannot have missed a point by chance: one that did has failed. */
  get isLarge(): boolean {
    return this.runs >= RUNS_TO_REACH_ALL;
  }

  /** Every point, in how many runs it was reached and how often. */
  get coverage(): readonly (readonly [string, number, number])[] {
    return [...this.#seen]
      .map(([point, { runs, times }]) => [point, runs, times] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #saw(point: string, runs: number, times: number): void {
    const seen = this.#seen.get(point) ?? { runs: 0, times: 0 };
    this.#seen.set(point, { runs: seen.runs + runs, times: seen.times + times });
  }
}
