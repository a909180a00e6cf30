/** Every file says what it is; every word the project exports says what it means. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expectNone, lineAt, readSources, type Source, sourceOf } from './source.ts';

const docs = suite('house/docs');

/** Folders whose exports are the project's vocabulary. */
const DOCUMENTED = /^(?:core|federation|firmware)\//;
const EXPORT =
  /^export (?:abstract |async |declare )*(?:const|function|class|interface|type|let)\*? ?(\w+)/;

function headerOffences({ path, text }: Source): readonly string[] {
  if (/^(?:#![^\n]*\n)?\/\*\*\s+\S/.test(text)) return [];
  return [`${path}: open it with a paragraph: what this is, what it is not, the spec section`];
}

/** Exports that no doc comment precedes. Constants in one block may share the first one's. */
function exportOffences(source: Source): readonly string[] {
  const lines = source.text.split('\n');
  const code = source.code.split('\n');
  return code.flatMap((line, i) => {
    const name = EXPORT.exec(line)?.[1];
    if (name === undefined) return [];
    return isDocumented(lines, i) ? [] : [`${source.path}:${i + 1}: ${name}: say what it means`];
  });
}

function isDocumented(lines: readonly string[], at: number): boolean {
  const above = lines[at - 1] ?? '';
  if (above.trimEnd().endsWith('*/')) return true;
  // One sentence may stand over a run of one-line constants, over the two ends of one range, say.
  return EXPORT.test(above) && /[;}]$/.test(above) && isDocumented(lines, at - 1);
}

function todoOffences({ path, text }: Source): readonly string[] {
  const marks = new RegExp(['TO', 'DO|FIX', 'ME|XX', 'X'].join(''), 'g');
  return [...text.matchAll(new RegExp(`\\b(?:${marks.source})\\b`, 'g'))].map(
    (match) => `${path}:${lineAt(text, match.index)}: ${match[0]}: do it, or leave it out`,
  );
}

docs('open every file', () => {
  expectNone(readSources().flatMap(headerOffences));
});

docs('precede every export of core, federation and firmware', () => {
  expectNone(
    readSources()
      .filter(({ path }) => DOCUMENTED.test(path))
      .flatMap(exportOffences),
  );
});

docs('promise nothing for later', () => {
  expectNone(readSources().flatMap(todoOffences));
});

docs('that are missing are noticed', () => {
  assert.is(headerOffences(sourceOf('core/x.ts', "import 'a';")).length, 1);
  assert.is(headerOffences(sourceOf('core/x.ts', '/** What it is. */\n')).length, 0);
  assert.is(exportOffences(sourceOf('core/x.ts', '\nexport const A = 1;')).length, 1);
  assert.is(exportOffences(sourceOf('core/x.ts', '/** A. */\nexport const A = 1;')).length, 0);
  const run = '/** Floor and ceiling. */\nexport const A = 1;\nexport const B = 2;';
  assert.is(exportOffences(sourceOf('core/x.ts', run)).length, 0);
});

docs.run();
