/** The judges themselves, on small files made here: a judge that agrees with anything is none. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import { ed25519Native } from '../../core/ed25519.ts';
import { mlDsa65Native } from '../../core/ml-dsa-65.ts';
import { jcsKind } from './jcs.ts';
import type { Kind, VectorFile, Verdict } from './kind.ts';
import { KINDS } from './kinds.ts';
import { ed25519Kind, mlDsa65Kind } from './signatures.ts';
import { spiffeBundleKind } from './spiffe.ts';
import { tpmKind } from './tpm.ts';

const judges = suite('vectors/judges');

const SEED = new Uint8Array(32).fill(9);
const MESSAGE = toUtf8('a message');

function judged(kind: Kind, files: readonly VectorFile[]): Verdict {
  assert.ok(files.every((file) => kind.claims(file)));
  if (typeof kind.judge !== 'function') throw new Error(`${kind.name} has no judge`);
  return kind.judge(files);
}

function fileOf(path: string, content: string | object): VectorFile {
  if (typeof content === 'string') return { path, bytes: toUtf8(content), json: undefined };
  const json = content as Readonly<Record<string, unknown>>;
  return { path, bytes: toUtf8(JSON.stringify(content)), json };
}

/** A file as the collection writes it, under a name that tells nothing. */
function ed25519File(change: object): VectorFile {
  const key = ed25519Native.open(SEED);
  const sig = toHex(key.sign(MESSAGE, ''));
  const test = { tcId: 1, flags: [], msg: toHex(MESSAGE), sig, result: 'valid', ...change };
  const publicKey = { curve: 'edwards25519', pk: toHex(key.publicKey) };
  const group = { type: 'EddsaVerify', publicKey, tests: [test] };
  return fileOf('x/1.json', { algorithm: 'EDDSA', testGroups: [group] });
}

judges('take a signature that is good and named so', () => {
  assert.equal(judged(ed25519Kind, [ed25519File({})]), { taken: 1, wrong: [], skipped: [] });
});

judges('notice a good signature named bad, and a bad one named good', () => {
  assert.is(judged(ed25519Kind, [ed25519File({ result: 'invalid' })]).wrong.length, 1);
  assert.is(judged(ed25519Kind, [ed25519File({ msg: '00' })]).wrong.length, 1);
  assert.is(judged(ed25519Kind, [ed25519File({ msg: '00', result: 'invalid' })]).wrong.length, 0);
});

judges('let either verdict pass where the vectors allow both', () => {
  const { wrong } = judged(ed25519Kind, [ed25519File({ msg: '00', result: 'acceptable' })]);
  assert.equal(wrong, []);
});

judges('skip a case with a member they do not know, by name', () => {
  const { taken, skipped } = judged(ed25519Kind, [ed25519File({ mu: '00' })]);
  assert.is(taken, 0);
  assert.equal(skipped, [{ name: 'x/1.json#1', reason: 'unknown members mu' }]);
});

judges('hand the context to the post-quantum leg', () => {
  const key = mlDsa65Native.open(SEED);
  const sig = toHex(key.sign(MESSAGE, 'label'));
  const shared = { flags: [], msg: toHex(MESSAGE), sig };
  const tests = [
    { ...shared, tcId: 1, ctx: toHex(toUtf8('label')), result: 'valid' },
    { ...shared, tcId: 2, ctx: toHex(toUtf8('lapel')), result: 'invalid' },
    { ...shared, tcId: 3, result: 'invalid' },
    { ...shared, tcId: 4, ctx: 'ff', result: 'invalid' },
  ];
  const group = { type: 'MlDsaVerify', publicKey: toHex(key.publicKey), tests };
  const file = fileOf('x/2.json', { algorithm: 'ML-DSA-65', testGroups: [group] });
  const { taken, wrong, skipped } = judged(mlDsa65Kind, [file]);
  assert.equal([taken, wrong, skipped.length], [3, [], 1]);
});

judges('compare canonical text with both of its expected forms', () => {
  const input = fileOf('a/jcs/input/x.json', '{ "b": 1, "a": 2.0 }');
  const output = fileOf('a/jcs/output/x.json', '{"a":2,"b":1}');
  const hex = fileOf('a/jcs/outhex/x.txt', '7b 22 61 22 3a 32\n2c 22 62 22 3a 31 7d\n');
  assert.equal(judged(jcsKind, [input, output, hex]), { taken: 1, wrong: [], skipped: [] });
  const other = fileOf('a/jcs/output/x.json', '{"a":2,"b":2}');
  assert.is(judged(jcsKind, [input, other]).wrong.length, 1);
  const loose = fileOf('a/jcs/output/x.json', '{"a":2,"b":1} ');
  assert.is(judged(jcsKind, [input, loose]).wrong.length, 2);
  assert.is(judged(jcsKind, [input]).wrong.length, 1);
});

judges('expect of a SPIFFE file what its name says, and nothing where it says nothing', () => {
  const named = (name: string): Verdict =>
    judged(spiffeBundleKind, [fileOf(`a/spiffebundle/${name}.json`, '{"keys":[]}')]);
  assert.equal(named('x_valid_1'), { taken: 1, wrong: [], skipped: [] });
  assert.is(named('x_missing_kid').wrong.length, 1);
  assert.is(named('x').skipped.length, 1);
});

judges('claim files by what they are, and the rest of a collection by name', () => {
  const nameOf = (file: VectorFile): string | undefined =>
    KINDS.find((kind) => kind.claims(file))?.name;
  const group = { type: 'XdhComp', tests: [] };
  assert.is(nameOf(ed25519File({})), ed25519Kind.name);
  assert.is(
    nameOf(fileOf('y.json', { algorithm: 'XDH', testGroups: [group] })),
    'other algorithms (Wycheproof)',
  );
  assert.is(nameOf(fileOf('a/merkle/inclusion/0/x.json', {})), 'Merkle proofs (RFC 9162)');
  assert.is(nameOf(fileOf('unheard-of.bin', '')), undefined);
});

judges('notice an event log that does not lead where it is listed to', () => {
  const log = fileOf('tpm/x.bin', '');
  const verdict = (hex: string): Verdict =>
    judged(tpmKind, [log, fileOf('tpm/expected.json', { 'x.bin': { sha256: { 0: hex } } })]);
  assert.is(verdict('11'.repeat(32)).wrong.length, 1);
  assert.equal(judged(tpmKind, [log]).skipped.length, 1);
});

judges.run();
