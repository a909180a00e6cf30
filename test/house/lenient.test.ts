/** What of the runtime forgives or surprises: what parsers drop, and copies that are none. */

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

/** The chunk lists of libp2p copy, and become one array by it. */
const HAS_CHUNK_LISTS = /^daemon\/network\//;
const SLICE = /\.slice\(\)/g;
const COPY = 'use Uint8Array.from: slice() of a Buffer is a view, and what it changes is changed';

function lenientOffences(source: Source): readonly string[] {
  if (source.path.startsWith('test/')) return [];
  const copies = HAS_CHUNK_LISTS.test(source.path) ? [] : offencesOf(source, SLICE, COPY);
  const bans = BANS.flatMap(([pattern, mend]) => offencesOf(source, pattern, mend));
  return [...bans, ...copies];
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
    'const copy = bytes.slice();',
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
