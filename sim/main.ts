/**
 * `npm run sim`: one run, or a swarm of them.
 *
 * Exit codes: 0 all held, 2 the command was refused, 127 a run threw, 128 a coalition did not heal,
 * 129 an invariant broke, or a large swarm missed a point that it has to reach, 130 interrupted:
 * what was seen until then is told and reported all the same; 141 nobody read on (`| head`).
 */

import { fromUtf8 } from '../core/bytes.ts';
import { describeDetails, Refusal } from '../core/refusal.ts';
import { runtimeSuite } from '../core/runtime-suite.ts';
import { MINUTE_MS } from '../core/time.ts';
import { worldAsked } from './asked.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { writeReport } from './host/files.ts';
import { breath, interruption } from './host/interruption.ts';
import { endWhenNobodyReads } from './host/listener.ts';
import { runPool } from './host/pool.ts';
import { residentMegabytes, startStopwatch } from './host/stopwatch.ts';
import { type Options, parseOptions } from './options.ts';
import { reportOf } from './report.ts';
import { type RunResult, runPatiently, runWorld } from './run.ts';
import { encodeScenario, type Replay } from './scenario.ts';
import { SCENARIOS } from './scenarios/table.ts';
import { shrink } from './shrink.ts';
import { standInSuite } from './stand-in-suite.ts';
import { storyOf } from './story.ts';
import { RUNS_TO_REACH_ALL, Swarm } from './swarm.ts';
import { SwarmRecord } from './swarm-record.ts';
import { whatIf } from './what-if.ts';
import type { World } from './world.ts';

const HELP = `usage: npm run sim -- [options]

  --scenario NAME|FILE  which world (default swarm); --list names them
  --seed N              one run of this seed (default 1)
  --seeds A..B          a swarm, on all cores or on --jobs N: ends with 129 where ${RUNS_TO_REACH_ALL} seeds
                        or more missed a fault or a path; fewer only name what they missed
  --record FILE         keep which seeds of a swarm held; started again, it runs the others
  --nodes N --days D    another number of machines, another length (--hours H)
  --check               run twice and compare the traces
  --real                sign with the real suite
  --shrink              cut a failing run down to a scenario file, alone on stdout
  --report FILE         write a page with plots of the run
  --json                results as JSON
`;
const PROGRESS_S = 1;

endWhenNobodyReads();
process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(words);
    if (options.help) return say(options, HELP);
    if (options.list) {
      return say(
        options,
        SCENARIOS.map(({ name, shows }) => `${name.padEnd(20)} ${shows}\n`).join(''),
      );
    }
    const replay = worldAsked(options);
    return await (options.seeds === null ? one(options, replay) : swarm(options, replay));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const details = describeDetails(error.details);
    process.stderr.write(`sim: ${error.code}: ${error.message} (${details})\n  ${error.mend}\n`);
    return EXIT.usage;
  }
}

async function one(options: Options, { scenario, seed: replayed }: Replay): Promise<number> {
  const seed = replayed ?? options.seed;
  const suite = options.real ? runtimeSuite() : standInSuite;
  const seconds = startStopwatch();
  const ended = interruption();
  let told = PROGRESS_S;
  const pause = async (at: World): Promise<'go on' | 'end'> => {
    if (seconds() < told) return 'go on';
    told = seconds() + PROGRESS_S;
    tellProgress(at, seconds());
    await breath();
    return ended.aborted ? 'end' : 'go on';
  };
  const { world, result } = await runPatiently({ scenario, seed, suite, records: true }, pause);
  const took = seconds();
  if (options.report !== null) {
    writeReport(options.report, reportOf(world, result, whatIf(scenario, world.history.samples)));
  }
  if (options.check && result.verdict !== 'interrupted') {
    const again = runWorld({ scenario, seed, suite }).result;
    if (again.traceHash !== result.traceHash) {
      process.stderr.write(`sim: two runs of seed ${seed} differ after ${again.lines} lines\n`);
      return EXIT.safety;
    }
  }
  tell(options, result, took);
  const isWhole = result.verdict === 'held' || result.verdict === 'interrupted';
  if (!options.json && isWhole)
    for (const line of storyOf(world, result.verdict)) say(options, `  ${line}\n`);
  if (options.shrink && !isWhole) tellShrunk(scenario, result);
  return exitCodeOf([result]);
}

function tellProgress(world: World, took: number): void {
  const share = (100 * world.now) / (world.scenario.minutes * MINUTE_MS);
  const left = Math.round((took * (100 - share)) / Math.max(share, 0.1));
  const rate = `${Math.round(world.events / took)} events/s  ${residentMegabytes()} MB`;
  process.stderr.write(`\r${share.toFixed(1)} %  ${rate}  ${left} s left   `);
}

async function swarm(options: Options, { scenario }: Replay): Promise<number> {
  const range = options.seeds ?? [1, 1];
  const record = options.record === null ? null : new SwarmRecord(options.record, scenario, range);
  const sum = new Swarm(scenario);
  for (const stretch of record?.held ?? []) sum.addStretch(stretch);
  const ended = interruption();
  const failed = new AbortController();
  const meter = { known: sum.runs, knownEvents: sum.events, seconds: startStopwatch(), told: 0 };
  const onResult = (result: RunResult): void => {
    sum.add(result);
    record?.add(result);
    if (result.verdict !== 'held') tell(options, result, 0);
    if (record !== null && sum.failed.length > 0) failed.abort();
    if (meter.seconds() - meter.told < PROGRESS_S) return;
    meter.told = meter.seconds();
    progress(sum, range[1] - range[0] + 1, meter);
  };
  const signal = AbortSignal.any([ended, failed.signal]);
  await runPool({ scenario, seeds: record?.left ?? [range], jobs: options.jobs, onResult, signal });
  process.stderr.write('\n');
  for (const [point, runs, times] of sum.coverage) {
    say(options, `${String(runs).padStart(7)} runs ${String(times).padStart(9)}× ${point}\n`);
  }
  const whole = ended.aborted ? 'interrupted: ' : '';
  say(options, `${whole}${sum.runs} runs, ${sum.failed.length} failed, ${ratesOf(sum, meter)}\n`);
  return endOf(options, sum, ended.aborted);
}

function endOf(options: Options, sum: Swarm, isCut: boolean): number {
  const [worst] = sum.failed;
  if (options.shrink && worst !== undefined) tellShrunk(sum.scenario, worst);
  if (sum.failed.length > 0) return exitCodeOf(sum.failed);
  if (isCut) return EXIT.interrupted;
  if (sum.missed.length === 0) return EXIT.held;
  const due = sum.isLarge ? '' : ` (it takes ${RUNS_TO_REACH_ALL} seeds to reach all)`;
  process.stderr.write(`sim: not reached${due}: ${sum.missed.join(', ')}\n`);
  return sum.isLarge ? EXIT.safety : EXIT.held;
}

/** What was known before the swarm went on, and since when it does. */
interface Meter {
  readonly known: number;
  readonly knownEvents: number;
  readonly seconds: () => number;
  told: number;
}

function ratesOf(sum: Swarm, { known, knownEvents, seconds }: Meter): string {
  const took = Math.max(seconds(), 0.001);
  const events = Math.round((sum.events - knownEvents) / took);
  return `${((sum.runs - known) / took).toFixed(1)} seeds/s, ${events} events/s`;
}

function progress(sum: Swarm, total: number, meter: Meter): void {
  const left = Math.round(((total - sum.runs) * meter.told) / (sum.runs - meter.known));
  const seen = `${sum.faultsSeen} kinds of faults  ${sum.failed.length} failed`;
  process.stderr.write(
    `\r${sum.runs}/${total}  ${ratesOf(sum, meter)}  ${left} s left  ${seen}   `,
  );
}

function tell(options: Options, result: RunResult, took: number): void {
  if (options.json) {
    say(options, `${JSON.stringify({ ...result, tail: undefined })}\n`);
    return;
  }
  const { seed, scenario, verdict, sentence, why, at, events, traceHash } = result;
  const rate = took > 0 ? `, ${Math.round(events / took)}/s, ${residentMegabytes()} MB` : '';
  say(
    options,
    `${scenario} seed ${seed}: ${verdict} (${events} events${rate}, trace ${traceHash.slice(0, 16)})\n`,
  );
  if (verdict === 'held' || verdict === 'interrupted') return;
  say(options, `  ${sentence}: ${why}\n  at ${at} ms; the last lines:\n`);
  for (const line of result.tail.slice(-12)) say(options, `    ${line}\n`);
}

function tellShrunk(scenario: Replay['scenario'], failed: RunResult): void {
  const small = shrink(scenario, failed, (happenings, runs) => {
    process.stderr.write(`\rshrinking: ${happenings} happenings after ${runs} runs   `);
  });
  process.stderr.write('\n');
  process.stdout.write(`${fromUtf8(encodeScenario(small.scenario, small.seed))}\n`);
}

/** Where a shrunk scenario is asked for, it alone goes to stdout. */
function say({ shrink: isAside }: Pick<Options, 'shrink'>, text: string): number {
  (isAside ? process.stderr : process.stdout).write(text);
  return EXIT.held;
}
