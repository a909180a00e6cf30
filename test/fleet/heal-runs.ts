/**
 * Partition after partition of one fleet, one line of JSON each, and a summary. With a file to keep
 * the lines in, what was interrupted is taken up again where it stood.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { foundFleet } from './fleet.ts';
import { type Healing, healPlan, partitionAndHeal } from './heal.ts';
import type { OpenSite } from './site.ts';

const WITHIN_S = 5;
const DECIMALS = 3;

/** How often, for how long, how many daemons, and where the lines are kept, if anywhere. */
export interface HealRuns {
  readonly runs: number;
  readonly partitionS: number;
  readonly size: number;
  readonly record: string | null;
}

/** Makes the runs that the record lacks; true where all agreed in time. */
export async function healAgain(
  { runs, partitionS, size, record }: HealRuns,
  openSite: OpenSite,
): Promise<boolean> {
  const made = record === null ? [] : recordedIn(record);
  if (made.length < runs) {
    const plan = healPlan(size);
    const site = await openSite(size, plan.links, { bitsPerS: null, lossPpm: 0 });
    await using fleet = await foundFleet(plan, site);
    while (made.length < runs) {
      const healing = await partitionAndHeal(fleet, size, partitionS);
      made.push(healing);
      const line = lineOf({ run: made.length, ...healing });
      console.log(line);
      if (record !== null) appendFileSync(record, `${line}\n`);
    }
  }
  const times = made.map(({ agreedAfterS }) => agreedAfterS).sort((a, b) => a - b);
  const held = times.filter((seconds) => seconds <= WITHIN_S).length;
  const middle = times[Math.floor(times.length / 2)];
  console.log(lineOf({ runs: made.length, held, withinS: WITHIN_S, middle, worst: times.at(-1) }));
  return held === made.length;
}

function recordedIn(path: string): Healing[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Healing);
}

function lineOf(figures: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(figures, (_, value) =>
    typeof value === 'number' ? Number(value.toFixed(DECIMALS)) : value,
  );
}
