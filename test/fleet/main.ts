/**
 * `npm run fleet`: real daemons, each a process, under what networks do to them.
 *
 *     npm run fleet -- heal [RUNS [SECONDS]]     cuts thirty daemons in two halves, again and again
 *
 * One line of JSON a run. Exit codes: 0 all held, 1 one did not, 2 not asked for properly.
 */

import { missingPrograms } from '../installed.ts';
import { FLEET_NEEDS, foundFleet } from './fleet.ts';
import { HEAL_SIZE, healPlan, partitionAndHeal } from './heal.ts';

const USAGE = 'npm run fleet -- heal [RUNS [SECONDS]]';
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
