/** From a chip to a verdict by command lines and files, and each way in which evidence can lie. */

import { readFile, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toUtf8 } from '../../../core/bytes.ts';
import type { RefusalCode } from '../../../core/refusal.ts';
import { DAY_MS, unixMs } from '../../../core/time.ts';
import { attest as attestOver, QUOTED_PCRS } from '../../../daemon/tpm/attester.ts';
import { loadRoots } from '../../../daemon/tpm/chip-trust.ts';
import { decodeEvidenceFile, encodeEvidenceFile } from '../../../daemon/tpm/evidence-file.ts';
import { type Demands, judgeEvidence } from '../../../daemon/tpm/judgement.ts';
import { decodeKey } from '../../../firmware/boot-state.ts';
import type { Evidence } from '../../../firmware/evidence.ts';
import { certifyAnew, ENDORSING_PROGRAMS, startEndorsed, trustFile } from '../../endorsed-swtpm.ts';
import { SoftChip } from '../../fakes/soft-chip.ts';
import { KERNEL, SOUND_BOOT } from '../../firmware/sound-boot.ts';
import { missingPrograms } from '../../installed.ts';
import { refuses } from '../../refused.ts';
import { skip } from '../../skip.ts';
import { MeasuredChip, NONCE } from './measured-chip.ts';

const attest = suite('daemon/tpm/attest');
const missing = missingPrograms(ENDORSING_PROGRAMS);

let machine: MeasuredChip;
if (missing === null) {
  attest.before(async () => {
    machine = await MeasuredChip.start();
    await machine.quote('golden');
    const learnt = `references learn @golden @references --name golden --nonce ${NONCE}`;
    assert.is((await machine.run(learnt)).code, 0);
  });
  attest.after(() => machine[Symbol.asyncDispose]());
}

function test(sentence: string, body: () => Promise<void>): void {
  if (missing === null) attest(sentence, body);
  else skip(`daemon/tpm/attest › ${sentence}`, missing);
}

/** What `attest verify` says of a file by the maker's roots and the references. */
function verified(file: string, more = '') {
  const trust = '--ek-roots @roots.pem --references @references';
  return machine.run(`attest verify @${file} --nonce ${NONCE} ${trust} ${more}`.trim());
}

/** Expects that `attest verify` exits 1 with a code, and says what mends it. */
async function refusedAs(code: RefusalCode, file: string, more = ''): Promise<string> {
  const { code: exit, out, err } = await verified(file, more);
  assert.is(exit, 1, out);
  assert.match(err, new RegExp(`^holdfast: ${code}: .+\\n {2}mend: .+\\n$`));
  return `${out}${err}`;
}

/** The golden evidence with members replaced, as a file. */
async function altered(file: string, change: Partial<Evidence>): Promise<void> {
  const golden = decodeEvidenceFile(await readFile(machine.file('golden')));
  await writeFile(machine.file(file), encodeEvidenceFile({ ...golden, ...change }));
}

test('shows what a machine can prove, by quoting and judging itself', async () => {
  const { code, out } = await machine.run(`attest show --tpm ${machine.where} --event-log @log`);
  assert.is(code, 0);
  assert.match(out, /^certificate +id:00001014 swtpm .+, until 9/m);
  assert.match(out, /^at most +vtpm$/m);
  assert.match(out, /^quoted +sha256 0-15$/m);
  assert.match(out, /^explained +0-15$/m);
  assert.match(out, /^Secure Boot +on$/m);
  const json = await machine.run(`attest show --tpm ${machine.where} --event-log @log --json`);
  assert.is(JSON.parse(json.out).secureBoot.state, 'on');
});

test('judges a sound boot to be approved, and says what it would earn', async () => {
  const { code, out, err } = await verified('golden');
  assert.is(code, 0, err);
  assert.match(out, /^boot +approved, as golden$/m);
  assert.match(out, /^chip +vtpm: id:00001014 swtpm/m);
  assert.match(out, /^would earn +vtpm, once a credential is activated$/m);
  const { out: json } = await verified('golden', '--json');
  const view = JSON.parse(json);
  assert.equal(view.appraisal, { kind: 'approved', state: 'golden' });
  assert.is(view.wouldEarn, 'vtpm');
});

test('judges by the root alone, with the intermediate that travelled along', async () => {
  const line = `attest verify @golden --nonce ${NONCE} --ek-roots ${machine.maker.root}`;
  assert.match((await machine.run(line)).out, /^boot +not judged/m);
  await altered('bare', { intermediates: [] });
  const bare = await machine.run(line.replace('@golden', '@bare'));
  assert.match(bare.err, /^holdfast: ek-certificate-untrusted: /);
});

test('grants measured-boot to a key that a person allowed as hardware', async () => {
  const { chip } = JSON.parse((await verified('golden', '--json')).out);
  await writeFile(machine.file('allowed'), `# seen\n\n${chip.endorsement} tpm unit 4\n`);
  const by = `--nonce ${NONCE} --ek-allow @allowed`;
  const alone = await machine.run(`attest verify @golden ${by}`);
  assert.match(alone.out, /^would earn +tpm, /m);
  const judged = await machine.run(`attest verify @golden ${by} --references @references`);
  assert.match(judged.out, /^chip +tpm: unit 4$/m);
  assert.match(judged.out, /^would earn +measured-boot, /m);
});

test('refuses a nonce that was not asked, and an old one', async () => {
  const other = NONCE.replace('00', '01');
  const line = `attest verify @golden --nonce ${other} --insecure-any-chip`;
  assert.match((await machine.run(line)).err, /^holdfast: attest-nonce: /);
  await machine.quote('older', `--epoch ${NONCE}`);
  await refusedAs('attest-epoch', 'older', `--epoch ${other}`);
  assert.is((await verified('older', `--epoch ${NONCE}`)).code, 0);
});

test('refuses the signature of another key, and a key that may do more than attest', async () => {
  await altered('other-key', { attestationKey: new SoftChip().publicArea });
  await refusedAs('attest-signature', 'other-key');
  const { endorsementKey } = decodeEvidenceFile(await readFile(machine.file('golden')));
  await altered('free-key', { attestationKey: endorsementKey });
  await refusedAs('ak-attributes', 'free-key');
});

test('refuses a weaker bank, and another one than is approved', async () => {
  await machine.quote('sha384', '--bank sha384');
  await refusedAs('quote-bank', 'sha384');
  await using tpm = await machine.chip.open();
  const evidence = await attestOver(tpm, {
    challenge: { nonce: fromHex(NONCE), epoch: new Uint8Array(0) },
    bank: 'sha1', // no command line asks for it
    pcrs: QUOTED_PCRS,
    keyHandle: undefined,
    endorsement: 'shown',
    intermediates: [],
    logs: { event: undefined, userspace: undefined, ima: undefined },
  });
  await writeFile(machine.file('sha1'), encodeEvidenceFile(evidence));
  await refusedAs('quote-bank', 'sha1');
});

test('refuses a selection that omits what the references name, or what was demanded', async () => {
  await machine.quote('cut', '--pcrs 0-3');
  await refusedAs('quote-selection', 'cut');
  await refusedAs('quote-selection', 'golden', '--pcrs 0-16');
});

test('refuses PCR values that were not signed', async () => {
  const { pcrs } = decodeEvidenceFile(await readFile(machine.file('golden')));
  const values = new Map([...pcrs.values, [4, new Uint8Array(32)]]);
  await altered('values', { pcrs: { ...pcrs, values } });
  await refusedAs('quote-digest', 'values');
});

test('refuses a log that is longer, shorter, or lies about a type', async () => {
  await machine.writeLog('long', [...SOUND_BOOT, { ...KERNEL, bytes: toUtf8('one more') }]);
  await machine.quote('long-quote', '', 'long');
  await refusedAs('log-long', 'long-quote');
  const end = SOUND_BOOT.findIndex(({ type }) => type === 4);
  await machine.writeLog('short', SOUND_BOOT.slice(0, end));
  await machine.quote('short-quote', '', 'short');
  await refusedAs('log-short', 'short-quote');
  const disguised = SOUND_BOOT.map((each) =>
    each.pcr === 7 && each.type === 4 ? { ...each, type: 1 } : each,
  );
  await machine.writeLog('lying', disguised);
  await machine.quote('lying-quote', '', 'lying');
  await refusedAs('log-event-type', 'lying-quote');
  await altered('no-log', { eventLog: null });
  await refusedAs('log-short', 'no-log');
});

test('names the event in which a boot differs, what was expected and what came', async () => {
  await using changed = await MeasuredChip.start();
  const extra = { ...KERNEL, bytes: toUtf8('a second kernel'), shown: toUtf8('second.efi') };
  await changed.measure([extra]);
  await changed.writeLog('log', [...SOUND_BOOT, extra]);
  await changed.quote('evidence');
  await writeFile(changed.file('references'), await readFile(machine.file('references')));
  const by = `--nonce ${NONCE} --ek-roots @roots.pem --references @references`;
  const { code, out, err } = await changed.run(`attest verify @evidence ${by}`);
  assert.is(code, 1);
  assert.match(out, /^boot +not approved; nearest: golden$/m);
  assert.match(out, /PCR 4, event \d+ \(EV_EFI_BOOT_SERVICES_APPLICATION\): expected one of 3/);
  assert.match(err, /^holdfast: appraisal-mismatch: .*where PCR 4, event \d+/);
  const explained = await changed.run('attest explain @evidence --references @references');
  assert.is(explained.code, 0);
  assert.match(
    explained.out,
    /^4 +\d+ +EV_EFI_BOOT_SERVICES_APPLICATION +digest +\w{16} +second\.efi$/m,
  );
});

test('explains which events are proven, and calls those of a bare log claims', async () => {
  const { out } = await machine.run('attest explain @golden');
  assert.match(out, /^7 +\d+ +EV_EFI_VARIABLE_DRIVER_CONFIG +all +\w{16} +SecureBoot = 01$/m);
  assert.match(out, /^4 +\d+ +EV_EFI_BOOT_SERVICES_APPLICATION +digest +\w{16} +\\EFI/m);
  const bare = await machine.run('attest explain @log');
  assert.match(bare.out, /^7 +\d+ +EV_EFI_VARIABLE_DRIVER_CONFIG +nothing /m);
  const json = JSON.parse((await machine.run('attest explain @golden --json')).out);
  assert.is(json.events.length, SOUND_BOOT.length);
});

test('tolerates how makers pad certificates, and refuses what else follows', async () => {
  const { endorsementCertificate } = decodeEvidenceFile(await readFile(machine.file('golden')));
  assert.ok(endorsementCertificate);
  const followedBy = (...bytes: number[]) => ({
    endorsementCertificate: Uint8Array.from([...endorsementCertificate, ...bytes]),
  });
  await altered('padded', followedBy(255, 255, 255));
  assert.is((await verified('padded')).code, 0);
  await altered('garbage', followedBy(255, 0, 255));
  await refusedAs('ek-certificate-malformed', 'garbage');
  const certificate = endorsementCertificate.subarray(0, -8);
  await altered('torn', { endorsementCertificate: certificate });
  await refusedAs('ek-certificate-malformed', 'torn');
});

test('refuses a certificate of another key, of an unknown maker, and no certificate', async () => {
  await altered('other-chip', { endorsementKey: new SoftChip().publicArea });
  await refusedAs('ek-certificate-key', 'other-chip');
  await altered('without', { endorsementCertificate: null });
  await refusedAs('ek-unlisted', 'without');
  const { chip, maker } = await startEndorsed();
  const strangers = await trustFile(maker, machine.file('strangers.pem'));
  await chip[Symbol.asyncDispose]();
  const line = `attest verify @golden --nonce ${NONCE} --ek-roots ${strangers}`;
  assert.match((await machine.run(line)).err, /^holdfast: ek-certificate-untrusted: /);
});

test('judges by certificates of other makers, until they end', async () => {
  const golden = decodeEvidenceFile(await readFile(machine.file('golden')));
  const key = decodeKey(golden.endorsementKey);
  assert.ok(key.kind === 'ecc');
  const infineon = { maker: 'id:49465800', days: 30 };
  const endorsementCertificate = await certifyAnew(machine.maker, key.point, infineon);
  await altered('infineon', { endorsementCertificate });
  const { out, err } = await verified('infineon');
  assert.match(out, /^chip +tpm: Infineon M id:00010002$/m, err);
  assert.match(out, /^would earn +measured-boot, /m);
  const demands: Demands = {
    challenge: { nonce: fromHex(NONCE), epoch: new Uint8Array(0) },
    pcrs: [],
    bank: undefined,
    references: null,
    trust: { roots: await loadRoots(machine.maker.root), allowed: [] },
    now: unixMs(Date.now() + 29 * DAY_MS),
  };
  const evidence = { ...golden, endorsementCertificate };
  assert.is(judgeEvidence(evidence, demands).chip?.grade, 'tpm');
  for (const now of [unixMs(0), unixMs(Date.now() + 31 * DAY_MS)]) {
    refuses('ek-certificate-expired', () => judgeEvidence(evidence, { ...demands, now }));
  }
});

test('refuses files that are no evidence, no references, no list and no certificates', async () => {
  for (const [option, code] of [
    ['--ek-roots @log --references @references', 'bad-encoding'],
    ['--ek-allow @roots.pem', 'ek-list-malformed'],
    ['--insecure-any-chip --references @golden', 'references-malformed'],
    ['--insecure-any-chip --references @absent', 'file-unreadable'],
  ] as const) {
    const { code: exit, err } = await machine.run(
      `attest verify @golden --nonce ${NONCE} ${option}`,
    );
    assert.is(exit, 1);
    assert.match(err, new RegExp(`^holdfast: ${code}: `), option);
  }
  const line = `attest verify @log --nonce ${NONCE} --insecure-any-chip`;
  assert.match((await machine.run(line)).err, /^holdfast: evidence-malformed: /);
});

test('drafts states beside each other, replaces one of the same name, and warns', async () => {
  const learn = 'references learn @golden @drafts';
  const first = await machine.run(`${learn} --name a --pcrs 4,11`);
  assert.is(first.err, 'no --nonce was given: this may be an old boot\n');
  assert.match(first.out, /^events of PCR 4 +\d+ digests allowed/m);
  await machine.run(`${learn} --name b --nonce ${NONCE}`);
  const again = await machine.run(`${learn} --name a --pcrs 8 --nonce ${NONCE} --json`);
  assert.is(again.err, 'nothing was measured into PCR 8: there it approves no code\n');
  assert.is(JSON.parse(again.out).states, 2);
  const shown = JSON.parse((await machine.run('references show @drafts --json')).out);
  assert.equal(
    shown.states.map(({ name, pcrs }: { name: string; pcrs: object }) => [name, Object.keys(pcrs)]),
    [
      ['a', ['8']],
      ['b', ['0', '2', '4', '7', '11']],
    ],
  );
  assert.match((await machine.run('references show @drafts')).out, /^Secure Boot +has to be on$/m);
  const beyond = await machine.run(`${learn} --name c --pcrs 20`);
  assert.match(beyond.err, /^holdfast: quote-selection: /m);
});

test('writes evidence to standard output, and says which nonce it drew', async () => {
  const { code, out, err } = await machine.run(`attest quote --tpm ${machine.where}`);
  assert.is(code, 0);
  assert.match(out, /^-----BEGIN HOLDFAST EVIDENCE-----\n/);
  const nonce = /^nonce ([0-9a-f]{32}), drawn here$/m.exec(err)?.[1];
  await writeFile(machine.file('drawn'), out);
  const line = `attest verify @drawn --nonce ${nonce} --insecure-any-chip`;
  assert.is((await machine.run(line)).code, 0);
});

test('does not take a line for more than it says', async () => {
  for (const line of [
    'attest',
    'attest quote --nonce 00',
    `attest quote --nonce ${NONCE.toUpperCase()}`,
    `attest quote --nonce ${NONCE} --epoch 00`,
    'attest quote --bank sha1',
    'attest quote --pcrs 24',
    'attest quote --pcrs 7-4',
    'attest quote --key 5',
    'attest quote --tpm swtpm:tcp:localhost:0',
    'attest verify @golden',
    `attest verify @golden --nonce ${NONCE}`,
    `attest verify @golden --nonce ${NONCE} --insecure-any-chip --ek-roots @roots.pem`,
    'attest explain @log --references @references',
    'references learn @golden @drafts',
    'tpm status --tpm swtpm:',
  ]) {
    const { code, err } = await machine.run(line);
    assert.is(code, 2, line);
    assert.match(err, /^holdfast: usage: /, line);
  }
});

attest.run();
