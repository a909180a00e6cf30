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

/** Names quoted from elsewhere, where a reader looks them up, and who may quote them. */
const QUOTED: readonly { readonly name: string; readonly of: string; readonly under: string }[] = [
  { name: 'DataView', of: 'ECMAScript', under: '' },
  { name: 'extraData', of: 'TPMS_ATTEST', under: 'firmware/' },
  { name: 'SENSITIVE_DATA_ORIGIN', of: 'TPMA_OBJECT', under: 'firmware/' },
  { name: 'data', of: 'the error of JSON-RPC 2.0 §5.1', under: 'daemon/control/frames' },
  { name: 'RawData', of: 'ws', under: 'daemon/control/' },
  { name: 'data', of: 'the messages of libp2p', under: 'daemon/network/' },
  { name: 'sendData', of: '@libp2p/utils', under: 'daemon/network/' },
  { name: 'sendData', of: '@libp2p/utils', under: 'virtual/' },
  { name: 'maxDataLength', of: '@libp2p/utils', under: 'daemon/network/' },
  { name: 'maxInboundDataLength', of: '@libp2p/gossipsub', under: 'daemon/network/' },
  { name: 'sessionManager', of: '@connectrpc/connect-node', under: 'daemon/workload-api/' },
  { name: 'Http2SessionManager', of: '@connectrpc/connect-node', under: 'daemon/workload-api/' },
  { name: 'connectionManager', of: 'libp2p', under: 'daemon/network/' },
];

/** Members of outside interfaces keep their names: Node calls the event of a stream `data`. */
const FOREIGN = /[.?]\s*$/;

function wordOffences({ path, code }: Source): readonly string[] {
  const inPath = wordsOf(path.replace(/\.\w+$/, '')).map((word) => ({ at: path, word }));
  const inCode = [...code.matchAll(/[A-Za-z_$][\w$]*/g)]
    .filter((match) => !isQuoted(match[0], path) && !FOREIGN.test(code.slice(0, match.index)))
    .flatMap(({ 0: name }) => wordsOf(name).map((word) => ({ at: `${path}: ${name}`, word })));
  const found = [...inPath, ...inCode].filter(({ word }) => WORDS.has(word));
  return [...new Set(found.map(({ at, word }) => `${at}: "${word}": ${WORDS.get(word)}`))];
}

/** A test may quote what its subject may. */
function isQuoted(name: string, path: string): boolean {
  const subject = path.replace(/^test\//, '');
  return QUOTED.some((quoted) => quoted.name === name && subject.startsWith(quoted.under));
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
