/**
 * What a person looks up stands where the code sends him: each refusal code, failure code and
 * configuration key in OPERATIONS, each cited clause in PROTOCOL, each cited test in THREATS.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ALARMS } from '../../core/alarm.ts';
import { REFUSALS } from '../../core/refusal.ts';
import { KEYS } from '../../daemon/config/keys.ts';
import { ROOT } from '../root.ts';
import { expectNone, lineAt, readSources } from './source.ts';

const refusalDocs = suite('house/refusal-docs');

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** What stands in code marks in the first column of a table. */
function firstColumn(text: string): ReadonlySet<string> {
  const cells = [...text.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  return new Set(
    cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)),
  );
}

/** Clauses that have a heading: `## §1 …`, `### 1.2 …`, and two in one. */
function clausesOf(protocol: string): ReadonlySet<string> {
  const headings = [...protocol.matchAll(/^##+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(headings.flatMap((heading) => heading.match(/\b[0-9](?:\.[0-9]+)?\b/g) ?? []));
}

/** The clauses that a text cites: `PROTOCOL §4.1, §4.2`, `PROTOCOL §5.1 to §5.3`. */
function citedIn(text: string): readonly { readonly clause: string; readonly at: number }[] {
  const citations = text.matchAll(/PROTOCOL ((?:(?:, | to | and )?§[0-9](?:\.[0-9]+)?)+)/g);
  return [...citations].flatMap(({ 1: list = '', index }) =>
    [...list.matchAll(/§([0-9.]+)/g)].map(([, clause = '']) => ({
      clause: clause.replace(/\.$/, ''),
      at: index,
    })),
  );
}

/** Tests that a text cites and that are not there: the path, then the titles in quotes. */
function missingTests(text: string): readonly string[] {
  const citations = text.matchAll(/`(test\/[\w./-]+\.ts)`((?:,? "[^"]+")*)/g);
  return [...citations].flatMap(([, path = '', titles = '']) => {
    if (!existsSync(join(ROOT, path))) return [`${path}: no such file`];
    const source = read(path);
    return [...titles.matchAll(/"([^"]+)"/g)]
      .filter(([, title = '']) => !source.includes(`('${title}',`))
      .map(([, title]) => `${path}: no test "${title}"`);
  });
}

refusalDocs('OPERATIONS explains every refusal code, and no other', () => {
  const operations = read('docs/OPERATIONS.md');
  const from = operations.indexOf('\n## Refusals');
  const section = operations.slice(from, operations.indexOf('\n## ', from + 1));
  const explained = firstColumn(section);
  const codes = Object.keys(REFUSALS);
  expectNone([
    ...codes.filter((code) => !explained.has(code)).map((code) => `${code}: add a row`),
    ...[...explained]
      .filter((name) => !codes.includes(name))
      .map((name) => `${name}: no such code`),
  ]);
});

refusalDocs('OPERATIONS explains every alarm, and no other', () => {
  const operations = read('docs/OPERATIONS.md');
  const from = operations.indexOf('\n| alarm | means | do |');
  const table = operations.slice(from, operations.indexOf('\n\n', from + 1));
  assert.equal([...firstColumn(table)].sort(), Object.keys(ALARMS).sort());
});

refusalDocs('OPERATIONS names every failure code', () => {
  const explained = firstColumn(read('docs/OPERATIONS.md'));
  const union = /FailureCode =([^;]+);/.exec(read('core/failure.ts'))?.[1] ?? '';
  const codes = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code);
  assert.ok(codes.length > 0);
  expectNone(codes.filter((code) => !explained.has(code)).map((code) => `${code}: add a row`));
});

refusalDocs('OPERATIONS names every configuration key', () => {
  const explained = firstColumn(read('docs/OPERATIONS.md'));
  const keys = Object.values(KEYS).map(({ toml }) => toml);
  expectNone(keys.filter((key) => !explained.has(key)).map((key) => `${key}: add a row`));
});

refusalDocs('PROTOCOL has every clause that is cited', () => {
  const clauses = clausesOf(read('docs/PROTOCOL.md'));
  expectNone(
    readSources().flatMap(({ path, text }) =>
      citedIn(text)
        .filter(({ clause }) => !clauses.has(clause))
        .map(({ clause, at }) => `${path}:${lineAt(text, at)}: PROTOCOL has no §${clause}`),
    ),
  );
});

refusalDocs('THREATS cites tests that are there', () => {
  expectNone(missingTests(read('docs/THREATS.md')));
});

refusalDocs('that miss something are noticed', () => {
  assert.equal([...firstColumn('| `a`, `b` | `c` |\n| - | - |')], ['a', 'b']);
  assert.equal([...clausesOf('## §1 Envelope\n### 7.1 Enrolment, 7.2 kinds')], ['1', '7.1', '7.2']);
  const cited = citedIn(`(${'PROTOCOL'} §4.1, §5.2 to §5.3). See §9.9`).map(({ clause }) => clause);
  assert.equal(cited, ['4.1', '5.2', '5.3']);
  assert.is(missingTests('`test/house/refusal-docs.test.ts` "stands on its head"').length, 1);
  assert.is(missingTests('`test/house/absent.test.ts`').length, 1);
});

refusalDocs.run();
