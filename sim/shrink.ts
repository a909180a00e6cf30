/**
 * Shrinking: the smallest scenario that still breaks the same sentence.
 *
 * A failing run is its scenario, its seed and the list of what befell it. The list is cut by ddmin
 * (Zeller, Hildebrandt 2002), then the time after the failure, then machines that nothing befalls.
 * What is left is written down whole and drawn from no seed: it replays as it is.
 */

import { MINUTE_MS } from '../core/time.ts';
import type { Happening } from './happening.ts';
import { type RunResult, runSeed } from './run.ts';
import type { Scenario } from './scenario.ts';

/** A failing run, made small. */
export interface Shrunk {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly result: RunResult;
  /** Runs that it took. */
  readonly runs: number;
}

const RUNS_MAX = 400;

/** Shrinks a run that failed. `tell` hears of progress. */
export function shrink(
  scenario: Scenario,
  failed: RunResult,
  tell: (happenings: number, runs: number) => void = () => undefined,
): Shrunk {
  const { seed } = failed;
  let runs = 0;
  let best = { scenario: explicit(scenario, failed.happenings), result: failed };
  const attempt = (candidate: Scenario): boolean => {
    if (runs >= RUNS_MAX) return false;
    runs += 1;
    const result = runSeed({ scenario: candidate, seed, happenings: candidate.happenings });
    const same = result.verdict === failed.verdict && result.sentence === failed.sentence;
    if (!same) return false;
    best = { scenario: candidate, result };
    tell(candidate.happenings.length, runs);
    return true;
  };
  minimise(best.scenario.happenings, (happenings) => attempt({ ...best.scenario, happenings }));
  shorten(() => best, attempt);
  dropDomains(() => best.scenario, attempt);
  return { ...best, seed, runs };
}

/** ddmin over a list: `holds` says whether what is left still fails. */
function minimise(all: readonly Happening[], holds: (left: readonly Happening[]) => boolean): void {
  let left = all;
  let parts = 2;
  while (left.length >= 1) {
    const size = Math.ceil(left.length / parts);
    let cut = false;
    for (let at = 0; at < left.length; at += size) {
      const rest = [...left.slice(0, at), ...left.slice(at + size)];
      if (!holds(rest)) continue;
      left = rest;
      parts = Math.max(2, parts - 1);
      cut = true;
      break;
    }
    if (cut) continue;
    if (size <= 1) return;
    parts = Math.min(left.length, parts * 2);
  }
}

/** Ends the run soon after it fails, where it fails within its time. */
function shorten(
  now: () => { readonly scenario: Scenario; readonly result: RunResult },
  attempt: (candidate: Scenario) => boolean,
): void {
  const { scenario, result } = now();
  const last = Math.max(0, ...scenario.happenings.map(({ at }) => at));
  const least = Math.floor(
    Math.max(last, result.verdict === 'safety' ? result.at : last) / MINUTE_MS,
  );
  for (const minutes of [least + 1, least + 10]) {
    if (minutes >= scenario.minutes) return;
    if (attempt({ ...scenario, minutes })) return;
  }
}

/** Removes domains from the end while nothing befalls them. */
function dropDomains(now: () => Scenario, attempt: (candidate: Scenario) => boolean): void {
  for (;;) {
    const scenario = now();
    const last = `d${String(scenario.domains - 1).padStart(2, '0')}`;
    const isNamed = scenario.happenings.some(({ on }) => on.some((name) => name.startsWith(last)));
    if (scenario.domains <= 2 || isNamed || scenario.links === 'ring') return;
    if (!attempt({ ...scenario, domains: scenario.domains - 1 })) return;
  }
}

function explicit(scenario: Scenario, happenings: readonly Happening[]): Scenario {
  return { ...scenario, name: `${scenario.name}, shrunk`, faults: [], happenings };
}
