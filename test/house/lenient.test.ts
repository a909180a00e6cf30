/** Parsers of the runtime that forgive: what they drop or merge, an attacker chooses. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expectNone, offencesOf, readSources, type Source, sourceOf } from './source.ts';

const lenient = suite('house/lenient');

/** Each ban with its replacement. */
const BANS: readonly (readonly [RegExp, string])[] = [
  [/\bJSON\.parse\b/g, 'use parseJson or parseCanonical of core/canonical'],
  [
    /\bBuffer\.from\([^()]*,\s*['"]/g,
    'use fromHex, fromBase64, fromBase64Url or toUtf8 of core/bytes',
  ],
  [/\b(?:atob|btoa)\(/g, 'use fromBase64 or toBase64 of core/bytes'],
  [/\bparseFloat\(/g, 'check the grammar first, then Number.parseInt'],
  [/\bcatch(?:\s*\([^)]*\))?\s*\{\s*\}/g, 'say what is caught, and hand it on'],
];

function lenientOffences(source: Source): readonly string[] {
  if (source.path.startsWith('test/')) return [];
  return BANS.flatMap(([pattern, mend]) => offencesOf(source, pattern, mend));
}

lenient('parsers are used nowhere', () => {
  expectNone(readSources().flatMap(lenientOffences));
});

lenient('parsers are noticed where they are planted', () => {
  const planted = [
    'const a = JSON.parse(text);',
    "const a = Buffer.from(text, 'base64');",
    'const a = atob(text);',
    'const a = parseFloat(text);',
    'try { f(); } catch {}',
    'try { f(); } catch (error) { }',
  ];
  for (const text of planted) {
    assert.is(lenientOffences(sourceOf('daemon/x.ts', text)).length, 1, text);
  }
  assert.equal(
    lenientOffences(sourceOf('daemon/x.ts', 'Buffer.from(bytes); JSON.stringify(a);')),
    [],
  );
});

lenient.run();
