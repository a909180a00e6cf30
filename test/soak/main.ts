/**
 * `npm run soak -- --hours N`: watches an idle daemon for so long, and prints a JSON line a minute
 * and a verdict.
 *
 * Exit codes: 0 steady, 1 a bound was passed, 2 wrongly asked.
 */

import { parseArgs } from 'node:util';
import { verdictOf } from './slope.ts';
import { type Sample, SCRAPE_MS, watch, withIdleDaemon } from './watch.ts';

const HOUR_MS = 3_600_000;
const HOURS_MAX = 1_000;
const LINE_EACH = 60_000 / SCRAPE_MS;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = { hours: { type: 'string' } } as const;
  const hours = Number(parseArgs({ args: [...args], options }).values.hours ?? 'none');
  if (!(hours > 0 && hours <= HOURS_MAX)) {
    console.error(`usage: npm run soak -- --hours N, above 0 and at most ${HOURS_MAX}`);
    return 2;
  }
  const samples: Sample[] = [];
  await withIdleDaemon((daemon) =>
    watch(daemon, hours * HOUR_MS, (sample) => {
      if (samples.length % LINE_EACH === 0) console.log(JSON.stringify(sample));
      samples.push(sample);
    }),
  );
  const verdict = verdictOf(samples);
  console.log(JSON.stringify(verdict));
  return verdict.verdict === 'steady' ? 0 : 1;
}
