/** Words that say nothing, each with what to do instead, and module habits that hide homes. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expectNone, offencesOf, readSources, type Source, sourceOf } from './source.ts';

const names = suite('house/names');

/** Each banned word with its replacement. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['util', 'name the noun it works on, and put it there'],
  ['utils', 'name the noun it works on, and put it there'],
  ['helper', 'name what it does'],
  ['helpers', 'name what they do'],
  ['manager', 'name what it keeps: a registry, a supervisor, a ledger'],
  ['common', 'put it into core, under its own noun'],
  ['data', 'say what it is: bytes, payload, record, document'],
]);

/** Names quoted from elsewhere, which a reader looks up there. */
const QUOTED: ReadonlySet<string> = new Set([
  'DataView', // ECMAScript
  'extraData', // TPMS_ATTEST
  'SENSITIVE_DATA_ORIGIN', // TPMA_OBJECT
  'sendData', // @libp2p/utils, AbstractMessageStream
  'maxDataLength', // @libp2p/yamux
]);

/** Members of outside interfaces keep their names: Node calls the event of a stream `data`. */
const FOREIGN = /[.?]\s*$/;

function wordOffences({ path, code }: Source): readonly string[] {
  const inPath = wordsOf(path.replace(/\.\w+$/, '')).map((word) => ({ at: path, word }));
  const inCode = [...code.matchAll(/[A-Za-z_$][\w$]*/g)]
    .filter((match) => !QUOTED.has(match[0]) && !FOREIGN.test(code.slice(0, match.index)))
    .flatMap(({ 0: name }) => wordsOf(name).map((word) => ({ at: `${path}: ${name}`, word })));
  const found = [...inPath, ...inCode].filter(({ word }) => WORDS.has(word));
  return [...new Set(found.map(({ at, word }) => `${at}: "${word}": ${WORDS.get(word)}`))];
}

/** `parseDataURL` → parse, data, url; `SPEC_DATA` → spec, data. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase());
}

function moduleOffences(source: Source): readonly string[] {
  const barrel = /(?:^|\/)index\.tsx?$/.test(source.path)
    ? [`${source.path}: no barrels: import the file that defines the name`]
    : [];
  return [
    ...barrel,
    ...offencesOf(source, /\bexport default\b/g, 'export it by its name'),
    ...offencesOf(source, /\bexport \*/g, 'import the file that defines the name'),
    ...offencesOf(source, /^(?:export )?(?:const )?enum\b/gm, 'use a union of literals'),
  ];
}

function fileNameOffences({ path }: Source): readonly string[] {
  const file = path.split('/').at(-1) ?? '';
  const allowed = /\.tsx$/.test(file)
    ? /^[A-Za-z0-9-]+(?:\.test)?\.tsx$/
    : /^[a-z0-9-]+(?:\.(?:test|bench))?\.ts$/;
  return allowed.test(file) ? [] : [`${path}: file names are kebab-case`];
}

names('use no empty words', () => {
  expectNone(readSources().flatMap(wordOffences));
});

names('are exported one by one, from the file that defines them', () => {
  expectNone(readSources().flatMap(moduleOffences));
});

names('of files are kebab-case', () => {
  expectNone(readSources().flatMap(fileNameOffences));
});

names('that are banned are noticed, in every spelling', () => {
  const planted = [
    'const data = 1;',
    'function rowData() {}',
    'type DataRow = 1;',
    'const MY_DATA = 1;',
  ];
  for (const text of planted) assert.is(wordOffences(sourceOf('core/x.ts', text)).length, 1, text);
  assert.is(wordOffences(sourceOf('core/string-utils.ts', '')).length, 1);
  assert.is(
    wordOffences(sourceOf('core/x.ts', "stream.on('data', (chunk) => event.data);")).length,
    0,
  );
  assert.is(moduleOffences(sourceOf('core/index.ts', '')).length, 1);
  assert.is(moduleOffences(sourceOf('core/x.ts', 'export default 1;')).length, 1);
});

names.run();
