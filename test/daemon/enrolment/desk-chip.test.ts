/**
 * Machines with a chip at the desk of an authority: what each earns, what a lie about its chip or
 * its boot is refused for, and which chips need no person. The chip is an swtpm with a certificate
 * of its maker that measured a sound boot.
 *
 * Timeout: 480 s
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import type { Refusal, RefusalCode } from '../../../core/refusal.ts';
import { DAY_MS } from '../../../core/time.ts';
import { type ChipAnswer, makeAnswer } from '../../../daemon/enrolment/answer.ts';
import { readChallenge } from '../../../daemon/enrolment/challenge.ts';
import type { EnrolmentDesk } from '../../../daemon/enrolment/desk.ts';
import { readGrant } from '../../../daemon/enrolment/grant.ts';
import { type ChipUse, ownChip } from '../../../daemon/enrolment/own-chip.ts';
import { attest, QUOTED_PCRS } from '../../../daemon/tpm/attester.ts';
import { type ChipTrust, loadIntermediates, loadRoots } from '../../../daemon/tpm/chip-trust.ts';
import { judgeEvidence } from '../../../daemon/tpm/judgement.ts';
import { findLogs } from '../../../daemon/tpm/measurement-logs.ts';
import { decodeEnvelope } from '../../../federation/envelope.ts';
import { type Lease, readLease } from '../../../federation/lease.ts';
import { challengeFor } from '../../../firmware/attested.ts';
import { decodeKey } from '../../../firmware/boot-state.ts';
import { endorsementDigest } from '../../../firmware/ek-certificate.ts';
import type { Evidence } from '../../../firmware/evidence.ts';
import { draftState, encodeState } from '../../../firmware/references.ts';
import { certifyAnew, ENDORSING_PROGRAMS, startEndorsed } from '../../endorsed-swtpm.ts';
import { signerOf } from '../../fakes/coalition.ts';
import { bootOf, SoftChip } from '../../fakes/soft-chip.ts';
import { KERNEL, SOUND_BOOT } from '../../firmware/sound-boot.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import { DOMAIN } from '../driver-rig.ts';
import { refused } from '../refused.ts';
import { MeasuredChip } from '../tpm/measured-chip.ts';
import { type DeskRig, requestOf, withDesk } from './desk-rig.ts';

const desks = suite('daemon/enrolment/desk-chip');
const missing = missingPrograms(ENDORSING_PROGRAMS);

const BOX = signerOf('box');
const NO_MORE_LOGS = { userspace: undefined, ima: undefined };
/** PCRs that the approved state of these tests names. */
const NAMED = [0, 2, 4, 7, 11];

let machine: MeasuredChip;
let trust: ChipTrust;
let rootAlone: ChipTrust;
if (missing === null) {
  desks.before(async () => {
    machine = await MeasuredChip.start();
    trust = { roots: await loadRoots(machine.roots), allowed: [] };
    rootAlone = { roots: await loadRoots(machine.maker.root), allowed: [] };
  });
  desks.after(() => machine[Symbol.asyncDispose]());
}

type Asked = ReturnType<typeof readChallenge>;

/** One machine at one desk. */
class Applicant {
  readonly rig: DeskRig;
  readonly desk: EnrolmentDesk;
  #nonce = 0;

  constructor(rig: DeskRig, desk: EnrolmentDesk) {
    this.rig = rig;
    this.desk = desk;
  }

  /** Asks, and is asked. */
  async challenge(): Promise<Asked> {
    const chip = await chipOf().show();
    this.#nonce += 1;
    const request = requestOf(BOX, { chip, nonce: this.#nonce });
    return readChallenge(await this.desk.challenge(request, 'courier'));
  }

  /** What the chip says to a challenge, of the boot in `log`. */
  async say(challenge: Asked, log = 'log') {
    const { credential } = challenge;
    assert.ok(credential);
    return chipOf(log).answer(challenge, credential);
  }

  /** Answers; the grant is refused before a person approved. */
  grant({ digest }: Asked, chip: ChipAnswer) {
    const answer = { domain: DOMAIN, node: BOX.keyId, challenge: digest, chip };
    return this.desk.grant(makeAnswer(answer, BOX));
  }

  /** Asks and answers by evidence that `change` makes of the true one. */
  async lie(
    code: RefusalCode,
    change: (evidence: Evidence) => Partial<Evidence>,
  ): Promise<Refusal> {
    const challenge = await this.challenge();
    const said = await this.say(challenge);
    const evidence = { ...said.evidence, ...change(said.evidence) };
    return refused(() => this.grant(challenge, { ...said, evidence }), code);
  }

  /** Enrols, a person approving it where one has to. */
  async enrolled(log = 'log'): Promise<Lease> {
    const challenge = await this.challenge();
    const said = await this.say(challenge, log);
    await this.desk.approve(BOX.keyId, { forgetMarks: true });
    const { lease } = readGrant(await this.grant(challenge, said));
    return readLease(decodeEnvelope(lease));
  }
}

/** The chip, one connection for each use, and the log of its boot in a file. */
function chipOf(log = 'log', intermediates: readonly Uint8Array[] = []) {
  const use: ChipUse = async (work) => {
    await using tpm = await machine.chip.open();
    return await work(tpm);
  };
  return ownChip(use, { logs: logsOf(log), intermediates: async () => intermediates });
}

function logsOf(log: string) {
  const event = machine.file(log);
  const socket = { kind: 'unix', path: machine.chip.socketPath } as const;
  return findLogs({ event, ...NO_MORE_LOGS }, { kind: 'swtpm', socket });
}

/** A test at a desk whose clock is that of the maker of the chip. */
function test(
  sentence: string,
  body: (box: Applicant) => Promise<void>,
  trusted: () => ChipTrust = () => trust,
): void {
  if (missing !== null) return skip(`daemon/enrolment/desk-chip › ${sentence}`, missing);
  desks(sentence, () =>
    withDesk(
      (rig, desk) => body(new Applicant(rig, desk)),
      trusted,
      ({ clock }) => clock.advance(Date.now() + 1_000 - clock.now().wall),
    ),
  );
}

/** Publishes that the boot of the machine, as it is, is approved. */
async function approveBoot(box: Applicant): Promise<void> {
  const { rig } = box;
  const asked = await box.challenge();
  const { evidence } = await box.say(asked);
  const { boot } = judgeEvidence(evidence, {
    challenge: challengeFor(asked.nonce, asked.beacon),
    ...{ pcrs: [], bank: undefined, references: null, trust: 'insecure-any' },
    now: rig.clock.now().wall,
  });
  const states = [encodeState(draftState(boot, 'golden', NAMED))];
  await rig.publish([{ type: 'references', name: 'references', body: { states } }]);
}

test('earn what the maker of the chip is worth, after a person approved', async (box) => {
  const challenge = await box.challenge();
  const said = await box.say(challenge);
  await refused(() => box.grant(challenge, said), 'enrol-unapproved');
  assert.is(box.desk.applications[0]?.application.earned, 'vtpm');
  assert.is((await box.enrolled()).assurance, 'vtpm');
});

test('are refused for a nonce that was not asked, and for an epoch that was not', async (box) => {
  const challenge = await box.challenge();
  const { credential, nonce, beacon } = challenge;
  assert.ok(credential);
  const other = nonce.with(0, (nonce[0] ?? 0) ^ 1);
  const stale = await chipOf().answer({ ...challenge, nonce: other }, credential);
  await refused(() => box.grant(challenge, stale), 'attest-nonce');
  const old = beacon.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) as typeof beacon;
  const early = await chipOf().answer({ ...challenge, beacon: old }, credential);
  await refused(() => box.grant(challenge, early), 'attest-epoch');
});

test('are refused for a quote that another key signed', async (box) => {
  const soft = new SoftChip();
  await box.lie('enrol-chip', () => ({ attestationKey: soft.publicArea }));
  const challenge = await box.challenge();
  const said = await box.say(challenge);
  const asked = challengeFor(challenge.nonce, challenge.beacon);
  const quote = soft.quote(said.evidence.pcrs, asked);
  const forged = { ...said, evidence: { ...said.evidence, quote } };
  await refused(() => box.grant(challenge, forged), 'attest-signature');
  const secret = said.secret.with(0, (said.secret[0] ?? 0) ^ 1);
  await refused(() => box.grant(challenge, { ...said, secret }), 'activation-answer');
});

/** The true answer, but for a quote of another bank or other PCRs. */
async function quoted(
  box: Applicant,
  of: { readonly bank: 'sha1' | 'sha256'; readonly pcrs: readonly number[] },
) {
  const challenge = await box.challenge();
  const said = await box.say(challenge);
  await using tpm = await machine.chip.open();
  const evidence = await attest(tpm, {
    ...{ ...of, challenge: challengeFor(challenge.nonce, challenge.beacon) },
    ...{ keyHandle: undefined, endorsement: 'shown', intermediates: [] },
    logs: logsOf('log'),
  });
  return { challenge, said: { ...said, evidence } };
}

test('are refused for a weaker bank, and for PCRs that are not covered', async (box) => {
  const weak = await quoted(box, { bank: 'sha1', pcrs: QUOTED_PCRS });
  await refused(() => box.grant(weak.challenge, weak.said), 'quote-bank');
  const part = await quoted(box, { bank: 'sha256', pcrs: [0, 1, 2, 3] });
  await refused(() => box.grant(part.challenge, part.said), 'quote-selection');
  // Firmware's own are covered; PCR 11 is what the references of this domain look at too.
  await approveBoot(box);
  const firmware = await quoted(box, { bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7] });
  await refused(() => box.grant(firmware.challenge, firmware.said), 'quote-selection');
});

test('earn no more by a log that is longer, shorter, or lies about a type', async (box) => {
  await approveBoot(box);
  const logOf = (measured: typeof SOUND_BOOT) => ({
    eventLog: bootOf('sha256', measured).eventLog,
  });
  const more = { ...KERNEL, bytes: toUtf8('one more') };
  const long = await box.lie('enrol-unapproved', () => logOf([...SOUND_BOOT, more]));
  assert.match(String(long.details.difference), /^log-long: PCR 4: /);
  const end = SOUND_BOOT.findIndex(({ type }) => type === 4);
  const short = await box.lie('enrol-unapproved', () => logOf(SOUND_BOOT.slice(0, end)));
  assert.match(String(short.details.difference), /^log-short: PCR \d: /);
  const none = await box.lie('enrol-unapproved', () => ({ eventLog: null }));
  assert.match(String(none.details.difference), /^log-short: PCR \d: /);
  const disguised = SOUND_BOOT.map((each) =>
    each.pcr === 7 && each.type === 4 ? { ...each, type: 1 } : each,
  );
  await box.lie('log-event-type', () => logOf(disguised));
});

test('are refused for a certificate of nobody, of another key, torn, or over', async (box) => {
  await box.lie('ek-unlisted', () => ({ endorsementCertificate: null }));
  await box.lie('ek-certificate-malformed', ({ endorsementCertificate: der }) => ({
    endorsementCertificate: Uint8Array.from([...(der ?? []), 255, 0, 255]),
  }));
  await box.lie('ek-certificate-malformed', ({ endorsementCertificate: der }) => ({
    endorsementCertificate: der?.subarray(0, -8) ?? null,
  }));
  const { endorsementKey } = await chipOf().show();
  const key = decodeKey(endorsementKey);
  assert.ok(key.kind === 'ecc');
  const ofHardware = { maker: 'id:49465800', days: 2 };
  const anew = await certifyAnew(machine.maker, key.point, ofHardware);
  const challenge = await box.challenge();
  const said = await box.say(challenge);
  const evidence = { ...said.evidence, endorsementCertificate: anew };
  await refused(() => box.grant(challenge, { ...said, evidence }), 'enrol-unapproved');
  assert.is(box.desk.applications[0]?.application.earned, 'tpm');
  box.rig.clock.advance(3 * DAY_MS);
  await box.rig.publish();
  await refused(() => box.grant(challenge, { ...said, evidence }), 'ek-certificate-expired');
});

test('are refused for a maker whom nobody trusts, and not for padding', async (box) => {
  const padded = await box.challenge();
  const said = await box.say(padded);
  const der = said.evidence.endorsementCertificate;
  assert.ok(der);
  const endorsementCertificate = Uint8Array.from([...der, 255, 255, 255]);
  const evidence = { ...said.evidence, endorsementCertificate };
  await refused(() => box.grant(padded, { ...said, evidence }), 'enrol-unapproved');
  const { chip, maker } = await startEndorsed();
  const strangers = { roots: await loadRoots(maker.root), allowed: [] };
  await chip[Symbol.asyncDispose]();
  await withDesk(
    async (rig, desk) => {
      await new Applicant(rig, desk).lie('ek-certificate-untrusted', () => ({}));
    },
    () => strangers,
    ({ clock }) => clock.advance(Date.now() + 1_000 - clock.now().wall),
  );
});

test(
  'carry what lies between their certificate and the root',
  async (box) => {
    await box.lie('ek-certificate-untrusted', () => ({}));
    const carried = await loadIntermediates(machine.maker.intermediate);
    const chip = chipOf('log', carried);
    const shown = await chip.show();
    assert.equal(shown.intermediates, carried);
    const challenge = await box.challenge();
    assert.ok(challenge.credential);
    const said = await chip.answer(challenge, challenge.credential);
    await refused(() => box.grant(challenge, said), 'enrol-unapproved');
    assert.is(box.desk.applications[0]?.application.earned, 'vtpm');
  },
  () => rootAlone,
);

/** Trusts the chip of the machine alone, as a person who compared its hash on the console. */
let listed: ChipTrust = { roots: [], allowed: [] };
async function list(grade: 'tpm' | 'vtpm'): Promise<void> {
  const { endorsementKey } = await chipOf().show();
  const endorsement = endorsementDigest(decodeKey(endorsementKey));
  listed = { roots: [], allowed: [{ endorsement, grade, note: 'unit 4' }] };
}

test(
  'need no person where the endorsement key is on the list',
  async (box) => {
    await list('vtpm');
    const challenge = await box.challenge();
    const { lease } = readGrant(await box.grant(challenge, await box.say(challenge)));
    assert.is(readLease(decodeEnvelope(lease)).assurance, 'vtpm');
  },
  () => listed,
);

test(
  'earn measured-boot where the domain approved the boot, and less once it differs',
  async (box) => {
    await list('tpm');
    assert.is((await box.enrolled()).assurance, 'tpm');
    await approveBoot(box);
    const approved = await box.enrolled();
    assert.is(approved.assurance, 'measured-boot');
    const own = box.rig.node.view(box.rig.clock.now()).find(({ isOwn }) => isOwn);
    assert.is(approved.references, own?.documents.get('references')?.digest);
    const extra = { ...KERNEL, bytes: toUtf8('another kernel'), shown: toUtf8('second.efi') };
    await machine.measure([extra]);
    await machine.writeLog('changed', [...SOUND_BOOT, extra]);
    const fallen = await box.enrolled('changed');
    assert.is(fallen.assurance, 'tpm');
    const [alarm] = box.rig.alarms.all;
    assert.is(alarm?.code, 'assurance-fell');
    assert.match(alarm?.detail ?? '', /before measured-boot.*now tpm.*PCR 4/);
    assert.ok(box.rig.journal.includes('audit alarm.assurance-fell'));
  },
  () => listed,
);

desks.run();
