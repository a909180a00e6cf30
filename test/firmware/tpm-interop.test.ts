/** Evidence and credentials exchanged with tpm2-tools, in both directions, over one chip. */

import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromHex, Reader, toBase64Url, toHex, toUtf8, Writer } from '../../core/bytes.ts';
import { digestOf } from '../../core/digest.ts';
import { hostRandom } from '../../daemon/host/random.ts';
import { makeCredential } from '../../firmware/activation.ts';
import { challengeFor, qualifyingBytes, verifyAttested } from '../../firmware/attested.ts';
import { quote } from '../../firmware/tpm-attest.ts';
import { EK_CERTIFICATE_NV } from '../../firmware/tpm-constants.ts';
import { activateCredential } from '../../firmware/tpm-credential.ts';
import { createPrimary, hierarchyEntity } from '../../firmware/tpm-keys.ts';
import { readCertificateNv } from '../../firmware/tpm-nv.ts';
import { extendPcr, readPcrs } from '../../firmware/tpm-pcr.ts';
import { decodePublic, type KeyPublic } from '../../firmware/tpm-public.ts';
import { readSized, sized } from '../../firmware/tpm-structures.ts';
import { AK_P256, EK_ECC_P256, EK_RSA_2048 } from '../../firmware/tpm-templates.ts';
import { onSwtpm, type Swtpm } from '../swtpm.ts';

const interop = suite('firmware/tpm-interop');
const test = onSwtpm(interop, 'firmware/tpm-interop', ['tpm2_checkquote', 'tpm2_createak']);

const ENDORSEMENT = hierarchyEntity('endorsement');
const CHALLENGE = challengeFor(toUtf8('sixteen bytes or'), digestOf(toUtf8('a beacon')));
const NONCE = qualifyingBytes(CHALLENGE);
const SECRET = toUtf8('thirty-two bytes of a credential');
/** What tpm2_makecredential writes before its two buffers: a magic and a version. */
const CREDENTIAL_HEAD = fromHex('badcc0de00000001');

test('makes quotes that tpm2_checkquote accepts, and no others', async (chip) => {
  await using tpm = await chip.open();
  const selection = { bank: 'sha256', pcrs: [0, 7, 11, 23] } as const;
  await tpm.hold(async (held) => {
    const digest = new Uint8Array(32).fill(1);
    await extendPcr(held, 11, [{ bank: 'sha256', digest }]);
    const ak = await createPrimary(held, ENDORSEMENT, AK_P256);
    const { attest, signature } = await quote(held, ak, NONCE, selection);
    const values = await readPcrs(held, selection);
    await writeFile(chip.folder.file('ak.pem'), pemOf(ak.publicArea));
    await writeFile(chip.folder.file('attest'), attest);
    await writeFile(chip.folder.file('signature'), signature);
    await writeFile(chip.folder.file('pcrs'), concat(...values.values()));
  });
  const wordsFor = (nonce: Uint8Array): readonly string[] => [
    ...['-u', 'ak.pem', '-m', 'attest', '-s', 'signature', '-q', toHex(nonce)],
    ...['-f', 'pcrs', '-F', 'values', '-l', 'sha256:0,7,11,23'],
  ];
  expectRun(chip, 'tpm2_checkquote', wordsFor(NONCE));
  const other = run(chip, 'tpm2_checkquote', wordsFor(NONCE.map((byte) => byte ^ 1)));
  assert.match(other.stderr, 'validating nonce');
});

test('opens what tpm2_makecredential made', async (chip) => {
  await using tpm = await chip.open();
  for (const template of [EK_RSA_2048, EK_ECC_P256]) {
    await tpm.hold(async (held) => {
      const ek = await createPrimary(held, ENDORSEMENT, template);
      const ak = await createPrimary(held, ENDORSEMENT, AK_P256);
      await writeFile(chip.folder.file('ek.pub'), sized(ek.publicArea.raw));
      await writeFile(chip.folder.file('secret'), SECRET);
      const words = ['-T', 'none', '-u', 'ek.pub', '-s', 'secret', '-n', toHex(ak.name)];
      expectRun(chip, 'tpm2_makecredential', [...words, '-o', 'credential']);
      const file = new Reader(await readFile(chip.folder.file('credential')));
      assert.equal(new Uint8Array(file.take(8)), CREDENTIAL_HEAD);
      const credential = { blob: readSized(file), encryptedSecret: readSized(file) };
      assert.equal(await activateCredential(held, ak, ek, credential), SECRET);
    });
  }
});

test('verifies what tpm2_quote signed, by ECDSA and both RSA schemes', async (chip) => {
  expectRun(chip, 'tpm2_createek', ['-c', 'ek.ctx', '-G', 'rsa', '-u', 'tool-ek.pub']);
  for (const [algorithm, scheme] of [
    ['ecc', 'ecdsa'],
    ['rsa', 'rsassa'],
    ['rsa', 'rsapss'],
  ] as const) {
    createToolKey(chip, algorithm, scheme);
    const asked = ['-c', 'ak.ctx', '-l', 'sha256:1,2,3', '-q', toHex(NONCE)];
    const by = ['-g', 'sha256', '--scheme', scheme];
    expectRun(chip, 'tpm2_quote', [...asked, ...by, '-m', 'message', '-s', 'signature']);
    const shown = {
      attest: new Uint8Array(await readFile(chip.folder.file('message'))),
      signature: new Uint8Array(await readFile(chip.folder.file('signature'))),
    };
    const attested = verifyAttested('quote', await publicOf(chip, 'ak.pub'), shown, CHALLENGE);
    assert.equal(attested.selections, [{ alg: 0x0b, pcrs: [1, 2, 3] }]);
  }
});

test('makes credentials that tpm2_activatecredential opens', async (chip) => {
  for (const algorithm of ['rsa', 'ecc']) {
    expectRun(chip, 'tpm2_createek', ['-c', 'ek.ctx', '-G', algorithm, '-u', 'tool-ek.pub']);
    createToolKey(chip, 'ecc', 'ecdsa');
    const endorsementKey = await publicOf(chip, 'tool-ek.pub');
    const attestationName = (await publicOf(chip, 'ak.pub')).name;
    const wrapped = makeCredential({
      endorsementKey,
      attestationName,
      secret: SECRET,
      random: hostRandom,
    });
    const file = new Writer()
      .raw(CREDENTIAL_HEAD)
      .raw(sized(wrapped.blob))
      .raw(sized(wrapped.encryptedSecret))
      .finish();
    await writeFile(chip.folder.file('credential'), file);
    expectRun(chip, 'tpm2_startauthsession', ['--policy-session', '-S', 's.ctx']);
    expectRun(chip, 'tpm2_policysecret', ['-S', 's.ctx', '-c', 'e']);
    const keys = ['-c', 'ak.ctx', '-C', 'ek.ctx', '-P', 'session:s.ctx'];
    expectRun(chip, 'tpm2_activatecredential', [...keys, '-i', 'credential', '-o', 'opened']);
    expectRun(chip, 'tpm2_flushcontext', ['s.ctx']);
    assert.equal(new Uint8Array(await readFile(chip.folder.file('opened'))), SECRET);
  }
});

test('reads a certificate longer than one read, as it was written', async (chip) => {
  const bytes = hostRandom.bytes(1_200);
  await writeFile(chip.folder.file('certificate'), bytes);
  const attributes = 'ownerwrite|ownerread|authread|no_da';
  const { rsa2048 } = EK_CERTIFICATE_NV;
  const index = `0x${rsa2048.toString(16)}`;
  expectRun(chip, 'tpm2_nvdefine', ['-C', 'o', '-s', '1200', '-a', attributes, index]);
  expectRun(chip, 'tpm2_nvwrite', ['-C', 'o', '-i', 'certificate', index]);
  await using tpm = await chip.open();
  assert.equal(await readCertificateNv(tpm, rsa2048), bytes);
});

function createToolKey(chip: Swtpm, algorithm: string, scheme: string): void {
  expectRun(chip, 'tpm2_flushcontext', ['-t']);
  expectRun(chip, 'tpm2_createak', [
    ...['-C', 'ek.ctx', '-c', 'ak.ctx', '-u', 'ak.pub'],
    ...['-G', algorithm, '-g', 'sha256', '-s', scheme],
  ]);
  expectRun(chip, 'tpm2_flushcontext', ['-t']);
}

async function publicOf(chip: Swtpm, file: string): Promise<KeyPublic> {
  const reader = new Reader(new Uint8Array(await readFile(chip.folder.file(file))));
  const decoded = decodePublic(readSized(reader));
  if (decoded.kind === 'sealed') throw new Error(`${file} is no key`);
  return decoded;
}

function expectRun(chip: Swtpm, program: string, words: readonly string[]): void {
  const { status, stderr } = run(chip, program, words);
  assert.is(status, 0, `${program} ${words.join(' ')}: ${stderr}`);
}

function run(chip: Swtpm, program: string, words: readonly string[]) {
  const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${chip.socketPath}` };
  const { path: cwd } = chip.folder;
  return spawnSync(program, words, { cwd, env, timeout: 20_000, encoding: 'utf8' });
}

function pemOf(key: KeyPublic): string | Buffer {
  if (key.kind !== 'ecc') throw new Error('an attestation key lies on a curve');
  const { x, y } = key.point;
  const jwk = { kty: 'EC', crv: 'P-256', x: toBase64Url(x), y: toBase64Url(y) };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
}

interop.run();
