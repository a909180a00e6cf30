/** From a bundle of evidence to a verdict: the sound boot, and each way to differ from it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import { encodeCanonical, type Json, parseCanonical } from '../../core/canonical.ts';
import { hashOf } from '../../core/ciphers.ts';
import {
  type Appraisal,
  appraise,
  assuranceOf,
  checkApproved,
  describeDifference,
  pcrsNamedBy,
} from '../../firmware/appraisal.ts';
import type { Challenge } from '../../firmware/attested.ts';
import { type BootState, marksOf, verifyBoot } from '../../firmware/boot-state.ts';
import { decodeEvidence, type Evidence, encodeEvidence } from '../../firmware/evidence.ts';
import { advanceMarks, type ChipMarks } from '../../firmware/high-water.ts';
import {
  draftState,
  encodeState,
  parseReferences,
  type ReferenceState,
} from '../../firmware/references.ts';
import { counterName } from '../../firmware/tpm-nv.ts';
import { bootOf, type Measurement, SoftChip } from '../fakes/soft-chip.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { KERNEL, SOUND_BOOT, uefiVariable } from './sound-boot.ts';
import { knownLogs, VECTORS_ABSENT, vector } from './vectors.ts';

const appraisal = suite('firmware/appraisal');

const chip = new SoftChip();
const CHALLENGE: Challenge = { nonce: new Uint8Array(16).fill(1), epoch: new Uint8Array(16) };
const COUNTER = counterName(0x0150_0011);
const PCRS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 14];

function stateOf(evidence: Evidence): BootState {
  return verifyBoot(evidence, {
    challenge: CHALLENGE,
    bank: evidence.pcrs.bank,
    required: PCRS.filter((pcr) => evidence.pcrs.values.has(pcr)),
    mustExplain: [],
    counterName: COUNTER,
  });
}

function evidenceOf(...measurements: readonly Measurement[]): Evidence {
  return chip.evidence(bootOf('sha256', measurements), CHALLENGE);
}

const SOUND = stateOf(evidenceOf(...SOUND_BOOT));
const APPROVED = draftState(SOUND, 'edge 12', PCRS);

function differencesOf(verdict: Appraisal): readonly string[] {
  return verdict.kind === 'approved' ? [] : verdict.differences.map(describeDifference);
}

/** The sound boot with each measurement of `from` replaced by `to`. */
function changed(from: Measurement, ...to: readonly Measurement[]): BootState {
  return stateOf(evidenceOf(...SOUND_BOOT.flatMap((each) => (each === from ? to : [each]))));
}

appraisal('approves the boot that was learned', () => {
  const verdict = appraise(SOUND, [APPROVED]);
  assert.equal(verdict, { kind: 'approved', state: 'edge 12' });
  checkApproved(verdict);
});

appraisal('asks for the PCRs that its states name', () => {
  assert.equal(pcrsNamedBy([APPROVED]), PCRS);
  const bare: ReferenceState = { ...APPROVED, pcrs: new Map(), events: [] };
  assert.equal(pcrsNamedBy([bare]), [7]);
  assert.equal(pcrsNamedBy([{ ...bare, secureBoot: 'any' }]), []);
});

appraisal('names the event of a changed kernel, what was expected and what came', () => {
  const other = toUtf8('code of the kernel, with one byte changed');
  const boot = changed(KERNEL, { ...KERNEL, bytes: other });
  const verdict = appraise(boot, [APPROVED]);
  const [event, value, ...more] = differencesOf(verdict);
  const expected = toHex(hashOf('sha256', KERNEL.bytes));
  const got = toHex(hashOf('sha256', other));
  assert.match(event ?? '', /^PCR 4, event \d+ \(EV_EFI_BOOT_SERVICES_APPLICATION\): /);
  assert.ok(event?.endsWith(`expected ${expected}, got ${got}`), event);
  assert.match(value ?? '', /^PCR 4: expected [0-9a-f]{64}, got [0-9a-f]{64}$/);
  assert.equal(more, []);
  refuses('appraisal-mismatch', () => checkApproved(verdict));
});

appraisal('names an event that is missing', () => {
  const verdict = appraise(changed(KERNEL), [APPROVED]);
  const expected = toHex(hashOf('sha256', KERNEL.bytes));
  assert.is(differencesOf(verdict)[0], `PCR 4: expected event ${expected}, got no such event`);
});

appraisal('names an event that came on top', () => {
  const extra = { ...KERNEL, bytes: toUtf8('a driver') };
  const [first = ''] = differencesOf(appraise(changed(KERNEL, KERNEL, extra), [APPROVED]));
  assert.match(first, /^PCR 4, event \d+ .* expected one of 3 approved events, got /);
});

appraisal('tells Secure Boot off from on', () => {
  const on = SOUND_BOOT.find(({ pcr }) => pcr === 7);
  if (on === undefined) throw new Error('the sound boot measures SecureBoot');
  const off = changed(on, { ...on, bytes: uefiVariable('SecureBoot', Uint8Array.of(0)) });
  const rule: ReferenceState = { ...APPROVED, pcrs: new Map(), events: [] };
  assert.equal(differencesOf(appraise(off, [rule])), ['Secure Boot: expected on, got off']);
  assert.is(appraise(off, [{ ...rule, secureBoot: 'any' }]).kind, 'approved');
});

appraisal('demands the least firmware of the chip', () => {
  const least = chip.firmwareVersion;
  assert.is(appraise(SOUND, [{ ...APPROVED, firmwareVersionMin: least }]).kind, 'approved');
  const verdict = appraise(SOUND, [{ ...APPROVED, firmwareVersionMin: least + 1n }]);
  const expected = `chip firmware: expected at least ${least + 1n}, got ${least}`;
  assert.equal(differencesOf(verdict), [expected]);
});

appraisal('takes any approved state, and names the nearest where none fits', () => {
  const next = draftState(changed(KERNEL, { ...KERNEL, bytes: toUtf8('next') }), 'edge 13', PCRS);
  assert.is(appraise(SOUND, [next, APPROVED]).kind, 'approved');
  const far: ReferenceState = { ...APPROVED, name: 'far', bank: 'sha384' };
  const boot = changed(KERNEL, { ...KERNEL, bytes: toUtf8('third') });
  const verdict = appraise(boot, [next, far, APPROVED]);
  assert.is(verdict.kind === 'unapproved' && verdict.nearest, 'far');
  assert.equal(differencesOf(verdict), ['PCR bank: expected sha384, got sha256']);
});

appraisal('approves nothing where no state is approved', () => {
  const verdict = appraise(SOUND, []);
  assert.equal(differencesOf(verdict), ['references: expected an approved state, got none']);
  refuses('appraisal-mismatch', () => checkApproved(verdict));
});

appraisal('refuses by the code of the log where the log is at fault', () => {
  const evidence = { ...evidenceOf(...SOUND_BOOT), eventLog: null };
  const verdict = appraise(stateOf(evidence), [APPROVED]);
  refuses('log-short', () => checkApproved(verdict));
});

appraisal('needs no log for a state that holds values alone', () => {
  const evidence = { ...evidenceOf(...SOUND_BOOT), eventLog: null };
  const values: ReferenceState = { ...APPROVED, events: [], secureBoot: 'any' };
  assert.is(appraise(stateOf(evidence), [values]).kind, 'approved');
});

appraisal('judges no PCR that the quote does not cover', () => {
  const { eventLog, pcrs } = bootOf('sha256', SOUND_BOOT);
  const values = new Map([...pcrs.values].filter(([pcr]) => pcr !== 11));
  const boot = stateOf(chip.evidence({ eventLog, pcrs: { ...pcrs, values } }, CHALLENGE));
  const [first = ''] = differencesOf(appraise(boot, [APPROVED]));
  assert.match(first, /^PCR 11: expected a log that leads to its value, got quote-selection$/);
  refuses('quote-selection', () => draftState(boot, 'x', PCRS));
});

appraisal('earns what the chip is worth, and measured boot only when approved', () => {
  const approved = appraise(SOUND, [APPROVED]);
  assert.is(assuranceOf('tpm', approved), 'measured-boot');
  assert.is(assuranceOf('tpm', appraise(SOUND, [])), 'tpm');
  assert.is(assuranceOf('tpm', null), 'tpm');
  assert.is(assuranceOf('vtpm', approved), 'vtpm');
});

appraisal('hands on the marks of the chip, counter included', () => {
  const evidence = evidenceOf(...SOUND_BOOT);
  const at = (value: bigint): ChipMarks =>
    marksOf(stateOf({ ...evidence, counter: chip.certifyCounter(COUNTER, value, CHALLENGE) }));
  assert.is(marksOf(SOUND).counter, null);
  assert.is(advanceMarks(at(5n), at(6n)).marks.counter, 6n);
  refuses('marks-regressed', () => advanceMarks(at(6n), at(5n)));
});

appraisal('refuses a counter of another index, key or challenge', () => {
  const evidence = evidenceOf(...SOUND_BOOT);
  const stale: Challenge = { ...CHALLENGE, epoch: new Uint8Array(16).fill(1) };
  const other = chip.certifyCounter(counterName(0x0150_0012), 5n, CHALLENGE);
  refuses('attest-index', () => stateOf({ ...evidence, counter: other }));
  const old = chip.certifyCounter(COUNTER, 5n, stale);
  refuses('attest-epoch', () => stateOf({ ...evidence, counter: old }));
  const foreign = new SoftChip().certifyCounter(COUNTER, 5n, CHALLENGE);
  refuses('attest-signature', () => stateOf({ ...evidence, counter: foreign }));
});

appraisal('references read back as they were written', () => {
  const bytes = encodeCanonical([encodeState(APPROVED)]);
  const [state] = parseReferences(parseCanonical(bytes));
  assert.equal(state, APPROVED);
  assert.equal(encodeCanonical([encodeState(state ?? APPROVED)]), bytes);
});

const broken: readonly (readonly [string, Json])[] = [
  ['an unknown member', { ...encodeState(APPROVED), unless: true }],
  ['a missing member', { name: 'x' }],
  ['a bank of SHA-1', { ...encodeState(APPROVED), bank: 'sha1' }],
  ['a digest of another bank', { ...encodeState(APPROVED), pcrs: { 0: ['00'] } }],
  ['a PCR that does not exist', { ...encodeState(APPROVED), pcrs: { 24: [] } }],
  ['a PCR in another spelling', { ...encodeState(APPROVED), pcrs: { '07': [] } }],
  ['a version in another spelling', { ...encodeState(APPROVED), firmwareVersionMin: '01' }],
  ['a version beyond 64 bits', { ...encodeState(APPROVED), firmwareVersionMin: `${2n ** 64n}` }],
  ['a name of no letter', { ...encodeState(APPROVED), name: '' }],
  ['another word for Secure Boot', { ...encodeState(APPROVED), secureBoot: 'preferred' }],
  [
    'a required event that is not allowed',
    { ...encodeState(APPROVED), events: [{ pcr: 4, allow: [], require: ['00'.repeat(32)] }] },
  ],
];

for (const [name, state] of broken) {
  appraisal(`refuses references with ${name}`, () => {
    refuses('references-malformed', () => parseReferences([state]));
  });
}

appraisal('refuses references that are no list', () => {
  refuses('references-malformed', () => parseReferences({}));
});

appraisal('reads a bundle as it was written, and in one spelling', () => {
  const evidence: Evidence = {
    ...evidenceOf(...SOUND_BOOT),
    endorsementCertificate: new Uint8Array(300),
    intermediates: [new Uint8Array(5), new Uint8Array(0)],
    userspaceLog: new Uint8Array(0),
    counter: { attest: new Uint8Array(3), signature: new Uint8Array(4) },
  };
  const bytes = encodeEvidence(evidence);
  assert.equal(decodeEvidence(bytes), evidence);
  assert.equal(encodeEvidence(decodeEvidence(bytes)), bytes);
  for (const length of [0, 5, 21, 40, bytes.length - 1]) {
    refuses('evidence-malformed', () => decodeEvidence(bytes.subarray(0, length)));
  }
});

appraisal('refuses a bundle whose key is a sealed secret or may do more than attest', () => {
  const evidence = evidenceOf(...SOUND_BOOT);
  const sealed = new Uint8Array([0, 8, 0, 11, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0]);
  refuses('evidence-malformed', () => stateOf({ ...evidence, attestationKey: sealed }));
  const free = chip.publicArea.slice();
  free[5] = 0; // no longer restricted, nor signing
  refuses('ak-attributes', () => stateOf({ ...evidence, attestationKey: free }));
});

if (VECTORS_ABSENT !== null) {
  skip('firmware/appraisal › boots of one image with Secure Boot off and on', VECTORS_ABSENT);
} else {
  const boots = knownLogs().filter(
    ({ file, bank }) => file.startsWith('qemu') && bank === 'sha256',
  );
  const states = boots.map(({ file, bank, pcrs: values }) => {
    const pcrs = { bank, values };
    const folder = file.split('/')[0] ?? '';
    const evidence = chip.evidence({ eventLog: vector(file), pcrs }, CHALLENGE);
    return stateOf({ ...evidence, imaLog: vector(`${folder}/ima_binary_runtime_measurements`) });
  });

  appraisal('tells two boots of one image apart by Secure Boot', () => {
    const [off, on] = states;
    if (off === undefined || on === undefined) throw new Error('two boots are in the vectors');
    assert.is(off.secureBoot.state, 'off');
    assert.is(on.ima?.count, 1);
    const approved = draftState(on, 'secure', [4, 7, 11]);
    assert.is(appraise(on, [approved]).kind, 'approved');
    const words = differencesOf(appraise(off, [approved]));
    assert.ok(words.includes('Secure Boot: expected on, got off'), words.join('\n'));
    assert.not.ok(words.some((line) => line.startsWith('PCR 11')));
  });
}

appraisal.run();
