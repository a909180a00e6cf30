/**
 * No file needs itself: the imports of a room run one way, so that each file can be read after
 * those it stands on. In sim/ a world and its parts name each other's types; what runs does not
 * turn in circles there either.
 */

import { posix } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expectNone, readSources, type Source, sourceOf } from './source.ts';

const circles = suite('house/circles');

/** Static imports, without what is imported on demand; in sim/ without types alone. */
function neighboursOf({ path, text }: Source): readonly string[] {
  const pattern = /^(?:import|export)\b([^'"`;]*?)\bfrom '(\.[^']+)'/gm;
  return [...text.matchAll(pattern)]
    .filter(([, names = '']) => !path.startsWith('sim/') || importsValues(names))
    .map(([, , from = '']) => posix.join(posix.dirname(path), from));
}

function importsValues(names: string): boolean {
  if (names.trim().startsWith('type ')) return false;
  const listed = names.replace(/[{}]/g, '').split(',');
  return listed.some((name) => name.trim() !== '' && !name.trim().startsWith('type '));
}

/** Each file that reaches itself, with the way it does. */
function circlesOf(sources: readonly Source[]): readonly string[] {
  const graph = new Map(sources.map((source) => [source.path, neighboursOf(source)]));
  return [...graph.keys()].flatMap((start) => {
    const way = wayBack(graph, start);
    return way === null ? [] : [`${way.join(' → ')}: break it, or make them one file`];
  });
}

function wayBack(
  graph: ReadonlyMap<string, readonly string[]>,
  start: string,
): readonly string[] | null {
  const cameFrom = new Map<string, string>();
  const open = [start];
  for (let here = open.shift(); here !== undefined; here = open.shift()) {
    for (const next of graph.get(here) ?? []) {
      if (next === start) return [start, ...pathTo(cameFrom, here), start];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, here);
      open.push(next);
    }
  }
  return null;
}

function pathTo(cameFrom: ReadonlyMap<string, string>, end: string): readonly string[] {
  const before = cameFrom.get(end);
  return before === undefined ? [] : [...pathTo(cameFrom, before), end];
}

circles('of imports do not exist', () => {
  expectNone(circlesOf(readSources().filter(({ path }) => !path.startsWith('test/'))));
});

circles('are noticed: of two files, of three, and by types outside of sim/', () => {
  const a = sourceOf('core/a.ts', "import { b } from './b.ts';");
  const b = sourceOf('core/b.ts', "import type { A } from './a.ts';");
  assert.equal(
    circlesOf([a, b])[0],
    'core/a.ts → core/b.ts → core/a.ts: break it, or make them one file',
  );
  const c = sourceOf('core/b.ts', "import { c } from './c.ts';");
  const d = sourceOf('core/c.ts', "export { a } from './a.ts';");
  assert.is(circlesOf([a, c, d]).length, 3);
});

circles(
  'of types alone, and of what is imported on demand, are let through where they may be',
  () => {
    const a = sourceOf('sim/a.ts', "import { b } from './b.ts';");
    const b = sourceOf(
      'sim/b.ts',
      "import type { A } from './a.ts';\nimport { type A } from './a.ts';",
    );
    assert.equal(circlesOf([a, b]), []);
    const table = sourceOf('daemon/a.ts', "const run = () => import('./b.ts');");
    const page = sourceOf('daemon/b.ts', "import { a } from './a.ts';");
    assert.equal(circlesOf([table, page]), []);
  },
);

circles.run();
