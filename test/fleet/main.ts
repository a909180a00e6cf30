/**
 * `npm run fleet`: real daemons, each a process, under what networks do to them.
 *
 *     npm run fleet -- heal [--runs N] [--partition S] [--size N] [--fleets N] [--record FILE]
 *     npm run fleet -- SCENARIO     a scenario of the simulator, beside its own run: cut-cable,
 *                                   clock-attack, captured-node; or poor-line
 *
 * `heal` cuts a fleet in two halves again and again, or several that heal in turn; with a record it
 * goes on where it was interrupted. Where there can be network namespaces, each daemon has one;
 * else the loopback does. A scenario is compared in a table. One line of JSON a run.
 * Exit codes: 0 all held, 1 one did not, 2 wrongly asked.
 */

import { parseArgs } from 'node:util';
import type { Scenario } from '../../sim/scenario.ts';
import { SCENARIOS } from '../../sim/scenarios/table.ts';
import { missingPrograms } from '../installed.ts';
import { compareFalls, tableOf } from './comparison.ts';
import { FLEET_NEEDS } from './fleet.ts';
import { HEAL_SIZE } from './heal.ts';
import { type HealRuns, healAgain } from './heal-runs.ts';
import { openLoopback } from './loopback.ts';
import { IN_OWN_NETWORK, openNamespaces, whyNoNamespaces } from './namespaces.ts';
import { poorLine } from './poor-line.ts';
import type { OpenSite } from './site.ts';
import { livedFalls, simulatedFalls } from './story.ts';
import { whyNot } from './story-plan.ts';

const USAGE =
  'npm run fleet -- heal [--runs N] [--partition S] [--size N] [--fleets N] [--record FILE] | SCENARIO';
const HEAL_RUNS = '20';
const HEAL_PARTITION_S = '600';
/** Two halves with something between their ends. */
const HEAL_SIZE_MIN = 4;

/** The first word of this program once it runs in a network of its own. */
const OWN_NETWORK = '--own-network';
/** Finds a program by its name, and becomes it. */
const ENV = '/usr/bin/env';

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const missing = missingPrograms(FLEET_NEEDS);
  if (missing !== null) {
    console.error(`skipped: fleet — ${missing}`);
    return 0;
  }
  if (words[0] === OWN_NETWORK) return run(words.slice(1), openNamespaces);
  const reason = whyNoNamespaces();
  if (reason === null) moveToOwnNetwork(words);
  console.error(`skipped: fleet › network namespaces — ${reason}`);
  return run(words, openLoopback);
}

/** This process begins anew, in a network that ends with it. */
function moveToOwnNetwork(words: readonly string[]): void {
  const again = [process.execPath, ...process.execArgv, process.argv[1] ?? '', OWN_NETWORK];
  process.execve?.(ENV, [ENV, ...IN_OWN_NETWORK, ...again, ...words], process.env);
}

async function run([story, ...words]: readonly string[], openSite: OpenSite): Promise<number> {
  const scenario = [...SCENARIOS, poorLine].find(({ name }) => name === story);
  if (scenario !== undefined && words.length === 0) return tell(scenario, openSite);
  const runs = story === 'heal' ? healRunsOf(words) : null;
  if (runs !== null) return (await healAgain(runs, openSite)) ? 0 : 1;
  console.error(USAGE);
  return 2;
}

/** Null for what is not asked properly. */
function healRunsOf(words: readonly string[]): HealRuns | null {
  const options = {
    runs: { type: 'string', default: HEAL_RUNS },
    partition: { type: 'string', default: HEAL_PARTITION_S },
    size: { type: 'string', default: String(HEAL_SIZE) },
    fleets: { type: 'string', default: '1' },
    record: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...words], options, strict: false });
  const known = Object.keys(values).every((name) => Object.hasOwn(options, name));
  const numbers = [values.runs, values.partition, values.size, values.fleets];
  const [runs, partitionS, size, fleets] = numbers.map(countIn);
  const record = typeof values.record === 'string' ? values.record : null;
  if (!known || !runs || !partitionS || !size || !fleets || size < HEAL_SIZE_MIN) return null;
  return { runs, partitionS, size, fleets, record };
}

function countIn(word: unknown): number | null {
  const isCount = typeof word === 'string' && /^[1-9][0-9]{0,5}$/.test(word);
  return isCount ? Number.parseInt(word, 10) : null;
}

/** Lives through a scenario; every fall within one period of the simulated one. */
async function tell(scenario: Scenario, openSite: OpenSite): Promise<number> {
  const reason = whyNot(scenario, openSite === openNamespaces);
  if (reason !== null) {
    console.error(`skipped: fleet › ${scenario.name} — ${reason}`);
    return 0;
  }
  const { pairs, unmatched, worstMs } = compareFalls(
    scenario,
    await livedFalls(scenario, openSite),
    simulatedFalls(scenario),
  );
  for (const sentence of unmatched) console.error(sentence);
  const { name, periodMs } = scenario;
  const counts = { compared: pairs.length, unmatched: unmatched.length };
  console.log(tableOf(pairs));
  console.log(JSON.stringify({ scenario: name, periodMs, ...counts, worstMs }));
  return unmatched.length === 0 && worstMs <= periodMs ? 0 : 1;
}
