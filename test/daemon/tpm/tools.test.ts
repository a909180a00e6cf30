/** Evidence exchanged with tpm2-tools: they check our quotes, and our verifier takes theirs. */

import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, Reader, toBase64Url, toHex } from '../../../core/bytes.ts';
import { decodeEvidenceFile, encodeEvidenceFile } from '../../../daemon/tpm/evidence-file.ts';
import { decodeKey } from '../../../firmware/boot-state.ts';
import { readPcrs } from '../../../firmware/tpm-pcr.ts';
import type { KeyPublic } from '../../../firmware/tpm-public.ts';
import { readSized } from '../../../firmware/tpm-structures.ts';
import { ENDORSING_PROGRAMS } from '../../endorsed-swtpm.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import { MeasuredChip, NONCE } from './measured-chip.ts';

const tools = suite('daemon/tpm/tools');
const missing = missingPrograms([...ENDORSING_PROGRAMS, 'tpm2_checkquote', 'tpm2_createak']);

let machine: MeasuredChip;
if (missing === null) {
  tools.before(async () => {
    machine = await MeasuredChip.start();
  });
  tools.after(() => machine[Symbol.asyncDispose]());
}

function test(sentence: string, body: () => Promise<void>): void {
  if (missing === null) tools(sentence, body);
  else skip(`daemon/tpm/tools › ${sentence}`, missing);
}

test('check the quote in an evidence file, and refuse it for another nonce', async () => {
  await machine.quote('evidence', '--pcrs 0-4,7,11'); // their file format ends at eight
  const evidence = decodeEvidenceFile(await readFile(machine.file('evidence')));
  const { attestationKey, quote, pcrs } = evidence;
  await writeFile(machine.file('ak.pem'), pemOf(decodeKey(attestationKey)));
  await writeFile(machine.file('attest'), quote.attest);
  await writeFile(machine.file('signature'), quote.signature);
  await writeFile(machine.file('pcrs'), concat(...pcrs.values.values()));
  const words = (nonce: string) => [
    ...['-u', 'ak.pem', '-m', 'attest', '-s', 'signature', '-f', 'pcrs', '-F', 'values'],
    ...['-l', 'sha256:0,1,2,3,4,7,11', '-q', nonce],
  ];
  expectRun('tpm2_checkquote', words(NONCE));
  assert.is.not(run('tpm2_checkquote', words(NONCE.replace('00', '01'))).status, 0);
});

for (const [algorithm, scheme] of [
  ['ecc', 'ecdsa'],
  ['rsa', 'rsassa'],
  ['rsa', 'rsapss'],
] as const) {
  test(`quote by ${scheme}, and the quote is judged like ours`, async () => {
    await machine.quote('ours');
    expectRun('tpm2_createek', ['-c', 'ek.ctx', '-G', 'ecc', '-u', 'ek.pub']);
    expectRun('tpm2_flushcontext', ['-t']);
    expectRun('tpm2_createak', [
      ...['-C', 'ek.ctx', '-c', 'ak.ctx', '-u', 'ak.pub'],
      ...['-G', algorithm, '-g', 'sha256', '-s', scheme],
    ]);
    expectRun('tpm2_flushcontext', ['-t']);
    const by = ['-c', 'ak.ctx', '-g', 'sha256', '--scheme', scheme, '-q', NONCE];
    const pcrs = [0, 1, 2, 3, 4, 5, 6, 7, 11];
    const asked = ['-l', `sha256:${pcrs.join(',')}`, '-m', 'message', '-s', 'signature'];
    expectRun('tpm2_quote', [...by, ...asked]);
    expectRun('tpm2_flushcontext', ['-t']);
    const ours = decodeEvidenceFile(await readFile(machine.file('ours')));
    const theirs = {
      ...ours,
      attestationKey: readSized(new Reader(await bytesOf('ak.pub'))),
      quote: { attest: await bytesOf('message'), signature: await bytesOf('signature') },
      pcrs: { bank: 'sha256', values: await valuesOf(pcrs) },
    } as const;
    await writeFile(machine.file('theirs'), encodeEvidenceFile(theirs));
    const line = `attest verify @theirs --nonce ${NONCE} --ek-roots @roots.pem --pcrs 0-7,11`;
    const { code, out, err } = await machine.run(line);
    assert.is(code, 0, err);
    assert.match(out, /^explained +0-7 11$/m);
  });
}

test('keep an attestation key in the chip that we quote with', async () => {
  expectRun('tpm2_createek', ['-c', 'ek.ctx', '-G', 'ecc', '-u', 'ek.pub']);
  expectRun('tpm2_flushcontext', ['-t']);
  const key = ['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa', '-n', 'ak.name'];
  expectRun('tpm2_createak', ['-C', 'ek.ctx', '-c', 'ak.ctx', ...key]);
  expectRun('tpm2_flushcontext', ['-t']);
  expectRun('tpm2_evictcontrol', ['-c', 'ak.ctx', '0x81010005']);
  await machine.quote('by-handle', '--key 0x81010005');
  const line = `attest verify @by-handle --nonce ${NONCE} --ek-roots @roots.pem --json`;
  const { out } = await machine.run(line);
  assert.is(JSON.parse(out).key, toHex(await bytesOf('ak.name')));
  const other = `attest quote @x --tpm ${machine.where} --key 0x81010016`;
  assert.match((await machine.run(other)).err, /^holdfast: ak-attributes: /);
  const none = `attest quote @x --tpm ${machine.where} --key 0x81017777`;
  assert.match((await machine.run(none)).err, /^holdfast: tpm-refused: .+HANDLE.+\n {2}mend: /);
});

async function valuesOf(pcrs: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
  await using tpm = await machine.chip.open();
  return await readPcrs(tpm, { bank: 'sha256', pcrs });
}

async function bytesOf(file: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(machine.file(file)));
}

function expectRun(program: string, words: readonly string[]): void {
  const { status, stderr } = run(program, words);
  assert.is(status, 0, `${program} ${words.join(' ')}: ${stderr}`);
}

function run(program: string, words: readonly string[]) {
  const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${machine.chip.socketPath}` };
  const { path: cwd } = machine.chip.folder;
  return spawnSync(program, words, { cwd, env, timeout: 20_000, encoding: 'utf8' });
}

function pemOf(key: KeyPublic): string | Buffer {
  if (key.kind !== 'ecc') throw new Error('an attestation key lies on a curve');
  const { x, y } = key.point;
  const jwk = { kty: 'EC', crv: 'P-256', x: toBase64Url(x), y: toBase64Url(y) };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
}

tools.run();
