/** The recovery lane: what a guest is told, what is taken from it, and how it gets well by that. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { LEASE_FOR_MS, STRIKES_MAX, TICK_BATCH_MS } from '../../core/limits.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { addMs, DAY_MS, unixMs } from '../../core/time.ts';
import { readBeacon } from '../../federation/beacon.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { signLease } from '../../federation/lease.ts';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  tagOf,
  versionArgument,
  type WantKind,
} from '../../federation/message.ts';
import { GUEST_PROOF, makeProof } from '../../federation/peer-proof.ts';
import { recordKey } from '../../federation/record-key.ts';
import { leaseTerms } from '../fakes/admitted.ts';
import { Coalition, INITIAL, keysOf, type Machine, signerOf } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';

const lane = suite('federation/recovery-lane');

const BINDING = sha256(toUtf8('handshake'));
const HASH = sha256(toUtf8('another handshake'));

function triple() {
  const world = new Coalition();
  const [blue, red, green] = ['blue', 'red', 'green'].map((name) => world.add({ name }));
  assert.ok(blue && red && green);
  world.advance(500);
  world.befriend(blue, red);
  world.befriend(blue, green);
  world.link(blue, red);
  world.advance(2_000);
  world.cut(blue, red);
  return { world, blue, red, green };
}

/** A guest of our making: says what we make it say, and hears what it is answered. */
function guestOf(machine: Machine, claims: TrustDomain | null) {
  const heard = (): readonly Frame[] => {
    const mine = machine.sent.filter(({ peer }) => peer === 'guest');
    machine.sent.length = 0;
    return mine.map(({ frame }) => decodeFrame(frame));
  };
  machine.sent.length = 0;
  machine.input({ kind: 'peer-up', peer: 'guest', domain: null, claims, binding: BINDING });
  const first = heard();
  const say = (frame: Frame) => {
    const { verdict } = machine.input({ kind: 'frame', peer: 'guest', bytes: encodeFrame(frame) });
    return { verdict: verdict?.code ?? null, answers: heard() };
  };
  return { first, say };
}

/** The bundle that this domain published, as an envelope. */
function bundleOf({ records, domain }: Machine): Uint8Array {
  const record = records.get(recordKey(domain, 'document', 'bundle'));
  assert.ok(record !== undefined);
  return record.slice(8); // behind the time at which it was last pinned
}

function leaseOf(name: string, asOf: number, signer = keysOf(name).documents): Uint8Array {
  const domain = `${name}.example` as TrustDomain;
  const issuedAt = unixMs(asOf);
  const terms = leaseTerms({ domain, issuedAt, notAfter: addMs(issuedAt, LEASE_FOR_MS) });
  return signLease(signer, keysOf(name).node.publicPair, terms);
}

lane('takes whoever shows no lease, one that has ended, or one it cannot judge', () => {
  const { blue, red } = triple();
  const receive = (proof: Uint8Array) => {
    const found = blue.node.receivePeer(blue.now, 'initiator', HASH, proof);
    return found.kind === 'guest' ? ['guest', found.claims] : ['admitted', found.domain];
  };
  const proofBy = (lease: Uint8Array) => makeProof(red.keys.node, lease, 'initiator', HASH);
  assert.equal(receive(GUEST_PROOF), ['guest', null]);
  assert.equal(receive(red.node.prove(red.now, 'initiator', HASH)), ['admitted', red.domain]);
  const ended = blue.wallMs - LEASE_FOR_MS - DAY_MS;
  assert.equal(receive(proofBy(leaseOf('red', ended))), ['guest', red.domain]);
  const unknown = leaseOf('red', blue.wallMs, signerOf('new documents key'));
  assert.equal(receive(proofBy(unknown)), ['guest', red.domain], 'by a Root we may lack');
});

lane('refuses what is wrong, whoever shows it', () => {
  const { blue, red } = triple();
  const receive = (proof: Uint8Array) => () =>
    blue.node.receivePeer(blue.now, 'initiator', HASH, proof);
  const another = makeProof(red.keys.node, leaseOf('red', red.wallMs), 'responder', HASH);
  refuses('peer-unadmitted', receive(another));
  const unrelated = makeProof(red.keys.node, leaseOf('pink', red.wallMs), 'initiator', HASH);
  refuses('peer-unadmitted', receive(unrelated));
  refuses('truncated', receive(GUEST_PROOF.slice(1)));
});

lane('speaks of our own domain and the one a guest claims, and of no other', () => {
  const { blue, red, green } = triple();
  const tags = (...domains: TrustDomain[]) => domains.map((d) => tagOf(d, BINDING)).sort();
  const named = (claims: TrustDomain | null) => {
    const { first } = guestOf(blue, claims);
    return first[0]?.kind === 'interest' ? first[0].tags : [];
  };
  assert.equal(named(null), tags(blue.domain));
  assert.equal(named(red.domain), tags(blue.domain, red.domain));
  const { say } = guestOf(blue, red.domain);
  const { answers } = say({ kind: 'interest', tags: tags(green.domain) });
  assert.equal(answers, [], 'not even that it is a partner');
});

lane('gives Roots, beacons, ticks and revocations, and no contents', () => {
  const { blue } = triple();
  const target = signerOf('captured').keyId;
  blue.revoke({ class: 'lease', target, notAfter: unixMs(blue.wallMs + DAY_MS) });
  const { say } = guestOf(blue, blue.domain);
  const tag = tagOf(blue.domain, BINDING);
  const { answers } = say({ kind: 'interest', tags: [tag] });
  const row = answers[0]?.kind === 'summary' ? answers[0].rows[0] : undefined;
  assert.ok(row !== undefined);
  const wanted = (what: WantKind, argument: string) =>
    say({ kind: 'want', wants: [{ tag, what, argument }] }).answers;
  const kinds = (frames: readonly Frame[]) => frames.map(({ kind }) => kind);
  assert.equal(kinds(wanted('root', versionArgument(1n))), ['envelope']);
  assert.equal(kinds(wanted('tick', row.beacon)), ['tick']);
  const revoked = [...blue.records.keys()].find((key) => key.includes('/revocations/')) ?? '';
  assert.equal(kinds(wanted('unpinned', revoked.slice(-64))), ['envelope']);
  const [beacon] = wanted('beacon', row.beacon);
  assert.ok(beacon?.kind === 'envelope');
  const digest = readBeacon(decodeEnvelope(beacon.bytes)).manifestDigest;
  assert.equal(kinds(wanted('manifest', digest)), ['lack']);
  assert.equal(kinds(wanted('document', decodeEnvelope(bundleOf(blue)).digest)), ['lack']);
});

lane('takes no contents and no gossip from a guest, and holds neither against it', () => {
  const { blue, red } = triple();
  const { say } = guestOf(blue, red.domain);
  for (let i = 0; i <= STRIKES_MAX; i++) {
    assert.is(say({ kind: 'envelope', bytes: bundleOf(red) }).verdict, 'guest-lane');
  }
  const gossip = { kind: 'gossip', peer: 'guest', bytes: new Uint8Array(43) } as const;
  assert.is(blue.input(gossip).verdict?.code, 'guest-lane');
  assert.equal(blue.banned, []);
});

lane('gives a guest the newest tick again when it compares: a batch may have been lost', () => {
  const { world, blue, red } = triple();
  const { say } = guestOf(blue, red.domain);
  const batchesUpon = (frame: Frame): number => {
    blue.effects.length = 0;
    say(frame);
    world.advance(2 * TICK_BATCH_MS);
    const sent = blue.effects.flatMap((effect) => (effect.kind === 'send' ? [effect] : []));
    const toGuest = sent.filter(({ peer }) => peer === 'guest');
    return toGuest.filter(({ frame }) => decodeFrame(frame).kind === 'ticks').length;
  };
  assert.is(batchesUpon({ kind: 'interest', tags: [tagOf(red.domain, BINDING)] }), 1);
  assert.is(batchesUpon({ kind: 'digest', digest: '0'.repeat(64) }), 1);
});

lane('carries evidence both ways, so that a node gets well with nobody’s help', () => {
  const { world, blue, red } = triple();
  world.advance(15_000);
  assert.is.not(blue.view(red.domain).standing.tier, 'FRESH');
  world.meet(blue, red);
  world.advance(2_000);
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
});

lane('gives a guest the stop of a beacon that it held for want of a date, once it is told', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(500);
  // One node of its domain is fewer than a quorum: it answers, and that is no date yet.
  const post = world.add({ name: 'post', memberOf: 'blue' });
  post.takeGrant(blue);
  world.link(blue, post);
  world.advance(2_000);
  blue.drawsLate = true; // a withdrawal, and no next beacon
  blue.publish(INITIAL.slice(0, 1), true);
  world.settle();
  assert.ok(post.view().standing.stopped);
  world.cut(blue, post);
  const lost = world.add({ name: 'lost', memberOf: 'blue', standbyOf: blue });
  lost.reboot(lost.wallMs - DAY_MS / 2);
  world.meet(lost, post);
  world.advance(60_000);
  assert.is(lost.view().beacon, null);
  assert.ok(lost.records.has(recordKey(blue.domain, 'future')));
  lost.tell(post.wallMs);
  world.advance(60_000);
  assert.is(lost.view().beacon, post.view().beacon);
  assert.ok(lost.view().standing.stopped);
});

lane.run();
