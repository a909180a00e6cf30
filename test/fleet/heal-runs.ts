/**
 * Partition after partition of a fleet that is founded once, one line of JSON each, and a summary.
 * With a file to keep the lines in, what was interrupted is taken up again where it stood.
 *
 * Fleets side by side share the time that passes in partitions: they are cut at different times,
 * and heal one after another, so that no heal waits for the work of another one.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type Fleet, foundFleet } from './fleet.ts';
import { type Healing, healPlan, partitionAndHeal, type Turns } from './heal.ts';
import { keepRemains } from './remains.ts';
import type { OpenSite } from './site.ts';

const WITHIN_S = 5;
const DECIMALS = 3;

/** How often, for how long, and where the lines are kept, if anywhere. */
export interface HealRuns {
  readonly runs: number;
  readonly partitionS: number;
  /** Daemons of a fleet. */
  readonly size: number;
  /** Fleets side by side. */
  readonly fleets: number;
  readonly record: string | null;
}

/** Makes the runs that the record lacks; true where all agreed in time. */
export async function healAgain(wanted: HealRuns, openSite: OpenSite): Promise<boolean> {
  const { runs, fleets, record } = wanted;
  const made = record === null ? [] : recordedIn(record);
  const missing = Array.from({ length: Math.max(0, runs - made.length) }).values();
  await using all = new AsyncDisposableStack();
  const founded: Fleet[] = [];
  for (let i = 0; i < Math.min(fleets, runs - made.length); i++) {
    founded.push(all.use(await foundOne(wanted, openSite)));
  }
  const turns = oneAtATime();
  const partEach = async (fleet: Fleet, at: number): Promise<void> => {
    const later = (at * wanted.partitionS * 1_000) / founded.length;
    await new Promise((resolve) => setTimeout(resolve, later));
    for (const _ of missing) {
      const healing = await healOrTell(fleet, wanted.partitionS, turns);
      made.push(healing);
      const line = lineOf({ run: made.length, ...healing });
      console.log(line);
      if (record !== null) appendFileSync(record, `${line}\n`);
    }
  };
  await Promise.all(founded.map(partEach));
  return sumUp(made);
}

/** A fleet that does not heal is gone with this process: what it said has to be kept before. */
async function healOrTell(fleet: Fleet, partitionS: number, turns: Turns): Promise<Healing> {
  try {
    return await partitionAndHeal(fleet, partitionS, turns);
  } catch (cause) {
    throw new Error(`a fleet did not heal; ${await keepRemains(fleet)}`, { cause });
  }
}

async function foundOne({ size }: HealRuns, openSite: OpenSite): Promise<Fleet> {
  const plan = healPlan(size);
  return foundFleet(plan, await openSite(size, plan.links, { bitsPerS: null, lossPpm: 0 }));
}

function oneAtATime(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (body) => {
    const turn = last.then(body);
    last = turn.catch(() => undefined); // whoever waits for it hears of it
    return turn;
  };
}

/** Says how many agreed in time; true where all did. */
function sumUp(made: readonly Healing[]): boolean {
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
