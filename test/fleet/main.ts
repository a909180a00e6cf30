/**
 * `npm run fleet`: real daemons, each a process, under what networks do to them.
 *
 *     npm run fleet -- heal [RUNS [SECONDS]]     cuts thirty daemons in two halves, again and again
 *     npm run fleet -- cut-cable               a scenario of the simulator, beside its own run
 *
 * One line of JSON a run. Exit codes: 0 all held, 1 one did not, 2 not asked for properly.
 */

import type { Scenario } from '../../sim/scenario.ts';
import { SCENARIOS } from '../../sim/scenarios/table.ts';
import { missingPrograms } from '../installed.ts';
import { FLEET_NEEDS, foundFleet } from './fleet.ts';
import { HEAL_SIZE, healPlan, partitionAndHeal } from './heal.ts';
import { compareFalls, livedFalls, simulatedFalls, whyNot } from './story.ts';

const USAGE = 'npm run fleet -- heal [RUNS [SECONDS]] | SCENARIO';
const HEAL_RUNS = 20;
const HEAL_PARTITION_S = 600;
const HEAL_S_MAX = 5;

process.exitCode = await main(process.argv.slice(2));

async function main([story, ...words]: readonly string[]): Promise<number> {
  const missing = missingPrograms(FLEET_NEEDS);
  if (missing !== null) {
    console.error(`skipped: fleet — ${missing}`);
    return 0;
  }
  const scenario = SCENARIOS.find(({ name }) => name === story);
  if (scenario !== undefined && words.length === 0) return tell(scenario);
  const counts = words.map((word) =>
    /^[1-9][0-9]{0,5}$/.test(word) ? Number.parseInt(word, 10) : 0,
  );
  if (story !== 'heal' || counts.includes(0) || counts.length > 2) {
    console.error(USAGE);
    return 2;
  }
  const [runs = HEAL_RUNS, partitionS = HEAL_PARTITION_S] = counts;
  return heal(runs, partitionS);
}

/** Lives through a scenario; every fall within one period of the simulated one. */
async function tell(scenario: Scenario): Promise<number> {
  const reason = whyNot(scenario);
  if (reason !== null) {
    console.error(`skipped: fleet › ${scenario.name} — ${reason}`);
    return 0;
  }
  const { unmatched, ...figures } = compareFalls(
    await livedFalls(scenario),
    simulatedFalls(scenario),
  );
  for (const sentence of unmatched) console.error(sentence);
  const { name, periodMs } = scenario;
  console.log(
    JSON.stringify({ scenario: name, periodMs, ...figures, unmatched: unmatched.length }),
  );
  return unmatched.length === 0 && figures.worstMs <= periodMs ? 0 : 1;
}

async function heal(runs: number, partitionS: number): Promise<number> {
  await using fleet = await foundFleet(healPlan());
  let held = 0;
  for (let run = 1; run <= runs; run++) {
    const healing = await partitionAndHeal(fleet, HEAL_SIZE, partitionS);
    if (healing.agreedAfterS <= HEAL_S_MAX) held++;
    console.log(JSON.stringify({ run, ...healing }));
  }
  console.log(JSON.stringify({ runs, held, withinS: HEAL_S_MAX }));
  return held === runs ? 0 : 1;
}
