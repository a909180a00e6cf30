/**
 * `npm run bench [NAME…]`: runs the benches named, or all, and prints one JSON line a figure.
 *
 * Exit codes: 0 all measured, 2 a name that no bench has.
 */

import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { missingPrograms } from '../installed.ts';
import { ROOT } from '../root.ts';
import { type Bench, figureOf } from './bench.ts';

const COMPILED = join(ROOT, 'dist/test/bench');
const SOURCES = join(ROOT, 'test/bench');
const ENDING = '.bench';

process.exitCode = await main(process.argv.slice(2));

async function main(asked: readonly string[]): Promise<number> {
  const known = benchNames();
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no bench is named ${unknown.join(' or ')}; there are:\n  ${known.join('\n  ')}`);
    return 2;
  }
  for (const name of asked.length === 0 ? known : asked) {
    const bench = await loadBench(name);
    const missing = missingPrograms(bench.needs ?? []);
    if (missing !== null) {
      console.error(`skipped: ${name} — ${missing}`);
      continue;
    }
    console.log(JSON.stringify(figureOf(bench, await bench.measure())));
  }
  return 0;
}

/** The names of the benches whose source exists: the compiler leaves the old ones behind. */
function benchNames(): readonly string[] {
  return globSync(`*${ENDING}.js`, { cwd: COMPILED })
    .map((file) => file.slice(0, -`${ENDING}.js`.length))
    .filter((file) => existsSync(join(SOURCES, `${file}${ENDING}.ts`)))
    .map((file) => file.replaceAll('-', '.'))
    .sort();
}

async function loadBench(name: string): Promise<Bench> {
  const path = join(COMPILED, `${name.replaceAll('.', '-')}${ENDING}.js`);
  const { bench }: { readonly bench: Bench } = await import(path);
  if (bench.name !== name) throw new Error(`${path} exports a bench named ${bench.name}`);
  return bench;
}
