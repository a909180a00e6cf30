/** A test file that forgets to run its suites passes with no test at all; here that is noticed. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expectNone, readSources, type Source, sourceOf } from './source.ts';

const suites = suite('house/suites');

/** Every suite is declared with the path of its file as the name, and is run. */
function suiteOffences({ path, text, code }: Source): readonly string[] {
  const declared = [...text.matchAll(/^const (\w+) = suite(?:<[^>]*>)?\('([^']*)'\)/gm)];
  const expected = path.replace(/^test\/|\.test\.tsx?$/g, '');
  const runs = declared
    .filter(([, name]) => !new RegExp(`^\\s*${name}\\.run\\(\\);`, 'm').test(code))
    .map(([, name]) => `${path}: ends without ${name}.run()`);
  const named = declared
    .filter(([, , title = '']) => title !== expected && !title.startsWith(`${expected} `))
    .map(([, , title]) => `${path}: the suite '${title}' is named after its file, '${expected}'`);
  const none = declared.length === 0 ? [`${path}: declares no suite`] : [];
  const left = [...code.matchAll(/\b\w+\.(?:only|skip)\(/g)].map(
    (match) => `${path}: ${match[0]}…): run it, or declare the skip with test/skip.ts`,
  );
  return [...none, ...runs, ...named, ...left];
}

const isTest = ({ path }: Source): boolean => /\.test\.tsx?$/.test(path);

suites('are run by every test file', () => {
  expectNone(readSources().filter(isTest).flatMap(suiteOffences));
});

suites('that are never run are noticed', () => {
  const offences = (text: string): number =>
    suiteOffences(sourceOf('test/core/x.test.ts', text)).length;
  const declared = "const x = suite('core/x');\n";
  assert.is(offences(`${declared}x.run();`), 0);
  assert.is(offences(declared), 1);
  assert.is(offences(`${declared}// x.run();`), 1);
  assert.is(offences(''), 1);
  assert.is(offences("const x = suite('core/y');\nx.run();"), 1);
  assert.is(offences(`${declared}x.only('a', f);\nx.run();`), 1);
});

suites.run();
