/**
 * The desk of an authority without sockets: what it refuses at each step, how many it keeps, and
 * how long. Machines here have no chip; those that do are in `desk-chip.test.ts`.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat } from '../../../core/bytes.ts';
import { digestOf } from '../../../core/digest.ts';
import { APPLICATIONS_MAX, CHALLENGE_MS_MAX, CHALLENGE_ONLINE_MS } from '../../../core/limits.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { DAY_MS } from '../../../core/time.ts';
import { makeAnswer } from '../../../daemon/enrolment/answer.ts';
import { readChallenge } from '../../../daemon/enrolment/challenge.ts';
import { DeskBook } from '../../../daemon/enrolment/desk-book.ts';
import { readGrant } from '../../../daemon/enrolment/grant.ts';
import { decodeMessage, encodeMessage } from '../../../daemon/enrolment/message.ts';
import type { Evidence } from '../../../firmware/evidence.ts';
import { signerOf } from '../../fakes/coalition.ts';
import { DOMAIN } from '../driver-rig.ts';
import { refused } from '../refused.ts';
import { answerTo, requestOf, withDesk } from './desk-rig.ts';

const desks = suite('daemon/enrolment/desk');

const EMPTY = new Uint8Array(0);
const BOX = signerOf('box');
const SIGNED = { attest: EMPTY, signature: EMPTY };
/** A bundle in which nothing is shown. */
const NO_EVIDENCE: Evidence = {
  ...{ attestationKey: EMPTY, endorsementKey: EMPTY, endorsementCertificate: null },
  ...{ intermediates: [], quote: SIGNED, pcrs: { bank: 'sha256', values: new Map() } },
  ...{ eventLog: null, userspaceLog: null, imaLog: null, counter: null },
};

desks('grant what a person approved, and remember it over a restart', async () => {
  await withDesk(async (rig, desk) => {
    const challenge = await desk.receive(requestOf(BOX), 'courier');
    const answer = answerTo(challenge, BOX);
    await refused(() => desk.receive(answer, 'courier'), 'enrol-unapproved');
    assert.is(desk.applications[0]?.application.earned, 'software');
    await desk.approve(BOX.keyId, { forgetMarks: false });
    const again = new DeskBook(rig.store, rig.store.records);
    assert.ok(again.applications(rig.clock.now().wall)[0]?.isApproved);
    const grant = readGrant(await desk.receive(answer, 'courier'));
    assert.is(grant.node, BOX.keyId);
    assert.equal(desk.applications, []);
    assert.is(new DeskBook(rig.store, rig.store.records).nodes[0]?.group, 'gate');
  });
});

desks('ask the same of whoever asks again, and another thing of another request', async () => {
  await withDesk(async (_rig, desk) => {
    const digest = async (nonce: number) =>
      readChallenge(await desk.challenge(requestOf(BOX, { nonce }), 'network')).digest;
    const first = await digest(0);
    assert.is(await digest(0), first);
    const second = await digest(1);
    assert.is.not(second, first);
    const answered = { domain: DOMAIN, node: BOX.keyId, challenge: first, chip: null };
    await refused(() => desk.grant(makeAnswer(answered, BOX)), 'enrol-challenge');
  });
});

desks('drop nothing that is under way for a request of before', async () => {
  await withDesk(async (_rig, desk) => {
    const old = requestOf(BOX, { nonce: 1 });
    await desk.challenge(old, 'courier');
    const challenge = await desk.challenge(requestOf(BOX, { nonce: 2 }), 'courier');
    await desk.approve(BOX.keyId, { forgetMarks: false });
    await refused(() => desk.challenge(old, 'network'), 'enrol-superseded');
    assert.ok(desk.applications[0]?.application.isApproved);
    await desk.grant(answerTo(challenge, BOX));
    // What was granted can be asked for again, in case the grant was lost on its way.
    await desk.challenge(requestOf(BOX, { nonce: 2 }), 'courier');
    await desk.challenge(requestOf(BOX, { nonce: 3 }), 'courier');
    const granted = requestOf(BOX, { nonce: 2 });
    await refused(() => desk.challenge(granted, 'courier'), 'enrol-superseded');
  });
});

desks('grant nothing, however it is asked, in a tier that delegates nothing', async () => {
  await withDesk(async ({ clock }, desk) => {
    const challenge = await desk.challenge(requestOf(BOX), 'courier');
    const answer = answerTo(challenge, BOX);
    await desk.approve(BOX.keyId, { forgetMarks: false });
    clock.advance(2 * DAY_MS);
    await refused(() => desk.receive(answer, 'network'), 'tier-insufficient');
    assert.is(desk.applications.length, 1);
  });
});

desks('take an answer of the node that asked, and in time', async () => {
  await withDesk(async ({ clock, publish }, desk) => {
    const challenge = await desk.challenge(requestOf(BOX), 'courier');
    const { digest } = readChallenge(challenge);
    const asked = { domain: DOMAIN, challenge: digest, chip: null } as const;
    const other = signerOf('other');
    const forged = makeAnswer({ ...asked, node: BOX.keyId }, other);
    await refused(() => desk.grant(forged), 'signer-unknown');
    const answer = answerTo(challenge, BOX);
    clock.advance(CHALLENGE_MS_MAX - 1);
    await publish();
    await refused(() => desk.grant(answer), 'enrol-unapproved');
    clock.advance(1);
    await refused(() => desk.grant(answer), 'enrol-expired');
  });
});

desks('take no proof of a chip from a machine that showed none', async () => {
  await withDesk(async (_rig, desk) => {
    const { digest } = readChallenge(await desk.challenge(requestOf(BOX), 'courier'));
    const chip = { secret: new Uint8Array(32), evidence: NO_EVIDENCE };
    const answer = { domain: DOMAIN, node: BOX.keyId, challenge: digest, chip };
    await refused(() => desk.grant(makeAnswer(answer, BOX)), 'enrol-chip');
  });
});

desks('take parts that the envelope names, and no others', async () => {
  await withDesk(async (_rig, desk) => {
    const { envelope } = decodeMessage(requestOf(BOX));
    const bent = encodeMessage(envelope.bytes, Uint8Array.of(1));
    await refused(() => desk.challenge(bent, 'courier'), 'enrol-part');
    const bare = encodeMessage(envelope.bytes);
    await refused(() => desk.challenge(bare, 'courier'), 'envelope-malformed');
    const longer = concat(requestOf(BOX), Uint8Array.of(0));
    await refused(() => desk.challenge(longer, 'courier'), 'trailing-bytes');
  });
});

desks('refuse a request whose key did not sign it, and one for another domain', async () => {
  await withDesk(async (_rig, desk) => {
    const whole = requestOf(BOX);
    const bent = whole.slice();
    bent[200] = (bent[200] ?? 0) ^ 1;
    await refused(() => desk.challenge(bent, 'courier'), 'signature-invalid');
    const red = requestOf(BOX, { domain: parseTrustDomain('red.example') });
    await refused(() => desk.challenge(red, 'courier'), 'domain-mismatch');
  });
});

desks('keep room for those whom a person carried here', async () => {
  await withDesk(async ({ clock }, desk) => {
    const boxes = Array.from({ length: APPLICATIONS_MAX + 1 }, (_, i) => signerOf(`box ${i}`));
    const half = boxes.slice(0, APPLICATIONS_MAX / 2);
    for (const box of half) await desk.challenge(requestOf(box), 'network');
    const [stranger, ...carried] = boxes.slice(half.length);
    assert.ok(stranger);
    await refused(() => desk.challenge(requestOf(stranger), 'network'), 'enrol-full');
    for (const box of carried) await desk.challenge(requestOf(box), 'courier');
    await refused(() => desk.challenge(requestOf(stranger), 'courier'), 'enrol-full');
    await desk.refuse(carried[0]?.keyId ?? digestOf(EMPTY));
    await desk.challenge(requestOf(stranger), 'courier');
    // What came over the network ends soon, and makes room by itself.
    clock.advance(CHALLENGE_ONLINE_MS);
    await desk.challenge(requestOf(half[0] ?? BOX), 'network');
    assert.is(desk.applications.length, APPLICATIONS_MAX - half.length + 1);
  });
});

desks.run();
