/**
 * `npm run virtual`: a scenario of the simulator over real libp2p, on virtual time.
 *
 *     npm run virtual -- --scenario cut-cable [--nodes N] [--hours H] [--seed N] [--check]
 *                                            [--report FILE]
 *     npm run virtual -- --seeds 1..24                the swarm, seed by seed
 *     npm run virtual -- --list                       the scenarios that it can live through
 *
 * `--check` runs twice and compares the traces. A table beside the simulated run, and one line of
 * JSON a run. Exit codes as those of
 * `npm run sim`: 0 held, 2 wrongly asked, 128 did not agree, 129 two runs of one seed differ.
 */

import { describeDetails, Refusal } from '../../core/refusal.ts';
import { worldAsked } from '../../sim/asked.ts';
import { EXIT } from '../../sim/exit-code.ts';
import { shapeOf } from '../../sim/happening.ts';
import { writeReport } from '../../sim/host/files.ts';
import { type Options, parseOptions } from '../../sim/options.ts';
import { reportOf } from '../../sim/report.ts';
import { type Replay, resized, type Scenario } from '../../sim/scenario.ts';
import { SCENARIOS } from '../../sim/scenarios/table.ts';
import { whatIf } from '../../sim/what-if.ts';
import { compareFalls, tableOf } from '../fleet/comparison.ts';
import { simulatedFalls } from '../fleet/story.ts';
import { fallsOf, runVirtually, type VirtualRun, whyNotVirtually } from './virtual-run.ts';
import { virtualSwarm } from './virtual-swarm.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(words);
    checkMeant(options);
    if (options.list) return list();
    const { scenario, seed } = asked(options);
    const why = whyNotVirtually(scenario);
    if (why !== null) throw new Refusal('scenario-mix', { scenario: scenario.name, why });
    const [first, last] = options.seeds ?? [seed ?? options.seed, seed ?? options.seed];
    let exit: number = EXIT.held;
    for (let next = first; next <= last; next++) {
      exit = Math.max(exit, await live(scenario, next, options));
    }
    return exit;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const details = describeDetails(error.details);
    console.error(`virtual: ${error.code}: ${error.message} (${details})\n  ${error.mend}`);
    return EXIT.usage;
  }
}

/** The swarm is one of its own here: the simulator's draws what never reaches libp2p, too. */
function asked(options: Options): Replay {
  if (options.scenario !== virtualSwarm.name) return worldAsked(options);
  return { scenario: resized(virtualSwarm, options), seed: null };
}

/** Refuses `sim-option` where a word would be passed over in silence. */
function checkMeant({ jobs, shrink, real }: Options): void {
  if (jobs === null && !shrink && !real) return;
  throw new Refusal('sim-option', { why: 'this is for npm run sim' });
}

function list(): number {
  for (const scenario of [virtualSwarm, ...SCENARIOS]) {
    const { name, shows } = scenario;
    if (whyNotVirtually(scenario) === null) console.log(`${name.padEnd(20)} ${shows}`);
  }
  return EXIT.held;
}

async function live(
  scenario: Scenario,
  seed: number,
  { check, report }: Pick<Options, 'check' | 'report'>,
): Promise<number> {
  const from = performance.now();
  const run = await runVirtually(scenario, seed, { isReported: report !== null });
  const tookS = Math.round(performance.now() - from) / 1_000;
  const { tiers, lacking, lived: _, ...figures } = run;
  for (const sentence of lacking) console.error(sentence);
  const { machines } = shapeOf(scenario);
  const what = { scenario: scenario.name, seed, daemons: machines.length, tookS };
  console.log(
    JSON.stringify({ ...what, changes: tiers.length, ...figures, ...beside(scenario, run) }),
  );
  if (report !== null) writeReport(report, pageOf(run, seed));
  if (check && (await runVirtually(scenario, seed)).traceHash !== run.traceHash) {
    console.error(`virtual: two runs of seed ${seed} differ`);
    return EXIT.safety;
  }
  return run.agreedAfterMs === null ? EXIT.liveness : EXIT.held;
}

/** The page that the simulator makes of its runs, of this one. */
function pageOf({ lived, lacking, lines, traceHash }: VirtualRun, seed: number): string {
  const { scenario, now, history } = lived;
  const ended = {
    ...{ seed, events: lines, traceHash, at: now, tail: [] },
    verdict: lacking.length === 0 ? 'held' : 'liveness',
    sentence: 'a healed coalition agrees',
    why: lacking.join('; '),
  } as const;
  const named = { ...scenario, name: `${scenario.name}, over real libp2p` };
  return reportOf({ ...lived, scenario: named }, ended, whatIf(scenario, history.samples));
}

/** How its falls compare with those of the simulated run; their table is printed. */
function beside(scenario: Scenario, { tiers }: VirtualRun) {
  if (scenario.happenings.length === 0) return {};
  const { pairs, unmatched, worstMs } = compareFalls(
    scenario,
    fallsOf(scenario, tiers),
    simulatedFalls(scenario),
  );
  for (const sentence of unmatched) console.error(sentence);
  console.log(tableOf(pairs));
  return { compared: pairs.length, unmatched: unmatched.length, worstMs };
}
