/** Every MUST of PROTOCOL is a numbered row, with codes that exist and tests that hold it. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusalCode } from '../../core/refusal.ts';
import { MUSTS } from '../docs/musts.ts';
import { ROOT } from '../root.ts';
import { expectNone } from './source.ts';

const musts = suite('house/musts');

const PAGE = readFileSync(join(ROOT, 'docs/PROTOCOL.md'), 'utf8').split('\n');
const ROW = /^\| (\d+\.\d+\.\d+) \| (.*?) \|([^|]*)\|$/;

interface Clause {
  readonly no: string;
  readonly rule: string;
  readonly codes: readonly string[];
}

const CLAUSES: readonly Clause[] = PAGE.flatMap((line) => {
  const [, no = '', rule = '', last = ''] = ROW.exec(line) ?? [];
  if (no === '') return [];
  return [{ no, rule, codes: [...last.matchAll(/`([a-z0-9-]+)`/g)].map(([, code = '']) => code) }];
});

/** The order of numbers, part by part. */
const place = (no: string): number =>
  no.split('.').reduce((sum, part) => sum * 1_000 + Number.parseInt(part, 10), 0);

/** The text of the file that a row of the table names, and how the name of the test begins. */
function cited(entry: string): { readonly text: string; readonly name: string } {
  const at = entry.indexOf(': ');
  const path = join(ROOT, 'test', `${entry.slice(0, at)}.test.ts`);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return { text, name: entry.slice(at + 2) };
}

/** Whether a test of that file is called so, as one literal or one template. */
function hasTest({ text, name }: ReturnType<typeof cited>): boolean {
  return ["'", '"', '`'].some(
    (quote) =>
      text.includes(`(${quote}${name}`) ||
      new RegExp(`\\(\\s+${quote}${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).test(text),
  );
}

musts('are numbered rows, each with a MUST, in rising order and with codes that exist', () => {
  assert.ok(CLAUSES.length > 150);
  const loose = PAGE.filter((line) => /\b(?:MUST|SHOULD|SHALL)\b/.test(line) && !ROW.test(line));
  const tame = CLAUSES.filter(({ rule }) => !/\b(?:MUST|SHOULD)\b/.test(rule));
  const falling = CLAUSES.filter(
    ({ no }, i) => i > 0 && place(no) <= place(CLAUSES[i - 1]?.no ?? ''),
  );
  expectNone([
    ...loose.map((line) => `PROTOCOL: a rule without a number: ${line.slice(0, 60)}`),
    ...tame.map(({ no }) => `${no}: say what MUST be`),
    ...falling.map(({ no }) => `${no}: out of order`),
    ...CLAUSES.flatMap(({ no, codes }) =>
      codes.filter((code) => !isRefusalCode(code)).map((code) => `${no}: no such code: ${code}`),
    ),
  ]);
});

musts('are held by a test each, which docs/musts.ts names', () => {
  const known = new Set(CLAUSES.map(({ no }) => no));
  expectNone([
    ...CLAUSES.filter(({ no }) => (MUSTS[no] ?? []).length === 0).map(
      ({ no }) => `PROTOCOL ${no}: name the test that holds it in test/docs/musts.ts`,
    ),
    ...Object.keys(MUSTS).flatMap((no) => (known.has(no) ? [] : [`${no}: no clause of PROTOCOL`])),
    ...Object.entries(MUSTS).flatMap(([no, entries]) =>
      entries.filter((entry) => !hasTest(cited(entry))).map((entry) => `${no}: no test: ${entry}`),
    ),
  ]);
});

musts('that name a code are cited by tests that name it too', () => {
  expectNone(
    CLAUSES.flatMap(({ no, codes }) => {
      const texts = (MUSTS[no] ?? []).map((entry) => cited(entry).text).join('\n');
      return codes.flatMap((code) =>
        texts.includes(`'${code}'`) ? [] : [`${no}: no test named for it says ${code}`],
      );
    }),
  );
});

musts('are noticed where no such test or no such file is there', () => {
  assert.ok(hasTest(cited('core/bytes: refuses every malformed UTF-8')));
  assert.not(hasTest(cited('core/bytes: refuses nothing at all')));
  assert.not(hasTest(cited('core/absent: refuses every malformed UTF-8')));
});

musts.run();
