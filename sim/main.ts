/**
 * `npm run sim`: one run, or a swarm of them.
 *
 * Exit codes: 0 all held, 2 the command was refused, 127 a run threw, 128 a coalition did not heal,
 * 129 an invariant broke, or a swarm missed a point that it has to reach.
 */

import { describeDetails, Refusal } from '../core/refusal.ts';
import { runtimeSuite } from '../core/runtime-suite.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { isFile, readScenarioFile, writeReport } from './host/files.ts';
import { runPool } from './host/pool.ts';
import { residentMegabytes, startStopwatch } from './host/stopwatch.ts';
import { type Options, parseOptions } from './options.ts';
import { reportOf } from './report.ts';
import { type RunResult, runWorld } from './run.ts';
import { checkMix, encodeScenario, parseScenario, type Replay, resized } from './scenario.ts';
import { SCENARIOS, scenarioNamed } from './scenarios/table.ts';
import { shrink } from './shrink.ts';
import { standInSuite } from './stand-in-suite.ts';
import { Swarm } from './swarm.ts';
import { whatIf } from './what-if.ts';

const HELP = `usage: npm run sim -- [options]

  --scenario NAME|FILE  which world (default swarm); --list names them
  --seed N              one run of this seed (default 1)
  --seeds A..B          a swarm, on all cores or on --jobs N
  --nodes N --days D    another number of machines, another length (--hours H)
  --check               run twice and compare the traces
  --real                sign with the real suite
  --shrink              cut a failing run down to a scenario file on stdout
  --report FILE         write a page with plots of the run
  --json                results as JSON
`;
const PROGRESS_S = 1;

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(words);
    if (options.help) return say(HELP);
    if (options.list) {
      return say(SCENARIOS.map(({ name, shows }) => `${name.padEnd(20)} ${shows}\n`).join(''));
    }
    const replay = worldAsked(options);
    return options.seeds === null ? one(options, replay) : await swarm(options, replay);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const details = describeDetails(error.details);
    process.stderr.write(`sim: ${error.code}: ${error.message} (${details})\n  ${error.mend}\n`);
    return EXIT.usage;
  }
}

/** The scenario asked for, by name or file, with what the command line changes in it. */
function worldAsked(options: Options): Replay {
  const { scenario: asked, nodes, minutes } = options;
  const replay = isFile(asked)
    ? parseScenario(readScenarioFile(asked))
    : { scenario: scenarioNamed(asked), seed: null };
  const scenario = resized(replay.scenario, { nodes, minutes });
  checkMix(scenario);
  return { scenario, seed: replay.seed };
}

function one(options: Options, { scenario, seed: replayed }: Replay): number {
  const seed = replayed ?? options.seed;
  const suite = options.real ? runtimeSuite() : standInSuite;
  const seconds = startStopwatch();
  const records = options.report !== null;
  const { world, result } = runWorld({ scenario, seed, suite, records });
  const took = seconds();
  if (options.report !== null) {
    writeReport(options.report, reportOf(world, result, whatIf(scenario, world.history.samples)));
  }
  if (options.check) {
    const again = runWorld({ scenario, seed, suite }).result;
    if (again.traceHash !== result.traceHash) {
      process.stderr.write(`sim: two runs of seed ${seed} differ after ${again.lines} lines\n`);
      return EXIT.safety;
    }
  }
  tell(options, result, took);
  if (options.shrink && result.verdict !== 'held') tellShrunk(scenario, result);
  return exitCodeOf([result]);
}

async function swarm(options: Options, { scenario }: Replay): Promise<number> {
  const sum = new Swarm(scenario);
  const ended = new AbortController();
  process.once('SIGINT', () => ended.abort());
  const seconds = startStopwatch();
  const [first, last] = options.seeds ?? [1, 1];
  let told = 0;
  const onResult = (result: RunResult): void => {
    sum.add(result);
    if (result.verdict !== 'held') tell(options, result, 0);
    if (seconds() - told < PROGRESS_S) return;
    told = seconds();
    progress(sum, last - first + 1, told);
  };
  await runPool({
    scenario,
    seeds: [first, last],
    jobs: options.jobs,
    onResult,
    signal: ended.signal,
  });
  const took = seconds();
  process.stderr.write('\n');
  for (const [point, runs, times] of sum.coverage) {
    process.stdout.write(
      `${String(runs).padStart(7)} runs ${String(times).padStart(9)}× ${point}\n`,
    );
  }
  const whole = ended.signal.aborted ? 'interrupted: ' : '';
  const rate = `${(sum.runs / took).toFixed(1)} seeds/s, ${Math.round(sum.events / took)} events/s`;
  say(`${whole}${sum.runs} runs, ${sum.failed.length} failed, ${rate}\n`);
  const [worst] = sum.failed;
  if (options.shrink && worst !== undefined) tellShrunk(scenario, worst);
  if (sum.failed.length > 0) return exitCodeOf(sum.failed);
  if (ended.signal.aborted || sum.missed.length === 0) return EXIT.held;
  process.stderr.write(`sim: no run reached ${sum.missed.join(', ')}\n`);
  return EXIT.safety;
}

function progress(sum: Swarm, total: number, took: number): void {
  const left = Math.round(((total - sum.runs) * took) / sum.runs);
  const rate = `${(sum.runs / took).toFixed(1)} seeds/s  ${Math.round(sum.events / took)} events/s`;
  const seen = `${sum.faultsSeen} kinds of faults  ${sum.failed.length} failed`;
  process.stderr.write(`\r${sum.runs}/${total}  ${rate}  ${left} s left  ${seen}   `);
}

function tell(options: Options, result: RunResult, took: number): void {
  if (options.json) {
    say(`${JSON.stringify({ ...result, tail: undefined })}\n`);
    return;
  }
  const { seed, scenario, verdict, sentence, why, at, events, traceHash } = result;
  const rate = took > 0 ? `, ${Math.round(events / took)}/s, ${residentMegabytes()} MB` : '';
  say(
    `${scenario} seed ${seed}: ${verdict} (${events} events${rate}, trace ${traceHash.slice(0, 16)})\n`,
  );
  if (verdict === 'held') return;
  say(`  ${sentence}: ${why}\n  at ${at} ms; the last lines:\n`);
  for (const line of result.tail.slice(-12)) say(`    ${line}\n`);
}

function tellShrunk(scenario: Replay['scenario'], failed: RunResult): void {
  const small = shrink(scenario, failed, (happenings, runs) => {
    process.stderr.write(`\rshrinking: ${happenings} happenings after ${runs} runs   `);
  });
  process.stderr.write('\n');
  process.stdout.write(encodeScenario(small.scenario, small.seed));
  say('\n');
}

function say(text: string): number {
  process.stdout.write(text);
  return EXIT.held;
}
