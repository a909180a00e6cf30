/** What stands in any file of the repository, whatever its kind: nothing that is true only here. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from '../root.ts';
import { skip } from '../skip.ts';
import { expectNone, lineAt } from './source.ts';

const repository = suite('house/repository');

/** Each ban with its replacement. */
const BANS: readonly (readonly [RegExp, string])[] = [
  [/\bissues? #?\d+\b/gi, 'say what is meant: numbers of a tracker outlive nobody'],
  [/(?<![\w&#/])#\d+\b/g, 'say what is meant: numbers of a tracker outlive nobody'],
  [/(?<![\w.-])\/(?:work|root)\/[\w.-]+/g, 'name the place relative to the project'],
  [
    /\bregistry\.(?:npmjs|yarnpkg)\b|\bnpmmirror\b|\bproxy\.golang\b/g,
    'packages come from whatever npm is set to',
  ],
];

function textOffences(path: string, text: string): readonly string[] {
  return BANS.flatMap(([pattern, mend]) =>
    [...text.matchAll(pattern)].map(
      (match) => `${path}:${lineAt(text, match.index)}: ${match[0].trim()}: ${mend}`,
    ),
  );
}

/** The text files under version control; a file with a zero byte is none. */
function trackedTexts(): readonly (readonly [string, string])[] {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  return listed
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)))
    .filter((path) => statSync(join(ROOT, path)).isFile())
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const)
    .filter(([, text]) => !text.includes('\0'));
}

const sentence = 'names no tracker, no machine and no package host';
if (existsSync(join(ROOT, '.git'))) {
  repository(sentence, () => {
    expectNone(trackedTexts().flatMap(([path, text]) => textOffences(path, text)));
  });
} else {
  skip(`house/repository › ${sentence}`, 'this copy of the sources is no git checkout');
}

repository('is judged by rules that notice what is planted', () => {
  const planted = [
    ['see issue', '12'].join(' '),
    ['fixes (', '12)'].join('#'),
    ['read /wo', 'rk/shared/x'].join(''),
    ['https://registry', '.npmjs', '.org'].join(''),
  ];
  for (const text of planted) assert.is(textOffences('x', text).length, 1, text);
});

repository('may speak of PKCS#8, of fragments and of colours', () => {
  const path = ['spiffe://a', 'work', 'b'].join('/'); // in a name it is no folder of anybody's
  const text = `PKCS#8, <a href="#top">, #fff, &#39;, ${path}`;
  assert.equal(textOffences('x', text), []);
});

repository.run();
