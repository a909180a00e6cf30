/** Every refusal code is thrown by some source and asserted by some test. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSALS } from '../../core/refusal.ts';
import { expectNone, readSources, type Source, sourceOf } from './source.ts';

const refusals = suite('house/refusals');

const TABLE = 'core/refusal.ts';
const CODES = Object.keys(REFUSALS);

/** What the sources hold as string literals; a quote that the scanner blanked was a comment's. */
function codesIn(sources: readonly Source[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { text, code } of sources) {
    for (const match of text.matchAll(/'([a-z0-9-]+)'/g)) {
      if (code[match.index] === "'") found.add(match[1] ?? '');
    }
  }
  return found;
}

const inFolder =
  (folder: string) =>
  ({ path }: Source): boolean =>
    path.startsWith(folder);

refusals('are each thrown by some source', () => {
  const thrown = codesIn(
    readSources().filter((source) => !inFolder('test/')(source) && source.path !== TABLE),
  );
  expectNone(CODES.filter((code) => !thrown.has(code)).map((code) => `${code}: nothing throws it`));
});

refusals('are each asserted by some test', () => {
  const tested = codesIn(readSources().filter(inFolder('test/')));
  expectNone(CODES.filter((code) => !tested.has(code)).map((code) => `${code}: no test names it`));
});

refusals('thrown anywhere stand in the table', () => {
  const pattern = /new Refusal\(\s*'([^']*)'/g;
  const unknown = readSources().flatMap(({ path, text }) =>
    [...text.matchAll(pattern)]
      .filter(([, code = '']) => !CODES.includes(code))
      .map(([, code]) => `${path}: ${code}: no row in ${TABLE}`),
  );
  expectNone(unknown);
});

refusals('say what they mean and what mends them, as sentences of the house', () => {
  for (const [code, { means, mend }] of Object.entries(REFUSALS)) {
    assert.match(code, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    for (const sentence of [means, mend]) {
      assert.ok(sentence.length > 0 && !sentence.endsWith('.'), `${code}: ${sentence}`);
    }
  }
});

refusals('that only a comment names do not count', () => {
  const source = sourceOf('daemon/x.ts', "// 'too-large'\nthrow new Refusal('truncated');");
  assert.equal([...codesIn([source])], ['truncated']);
});

refusals.run();
