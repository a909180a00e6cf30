/** Unknown time: how it begins, what it permits, and who ends it (PROTOCOL §4.3, §4.4). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ANSWER_BURST, ANSWER_RATE_PER_S } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { SIGNATURE_PAIR_BYTES } from '../../core/suite.ts';
import { UNIX_MS_MAX, unixMs } from '../../core/time.ts';
import { encodeFrame, tagOf } from '../../federation/message.ts';
import { Coalition, type Machine, signerOf } from '../fakes/coalition.ts';
import { ceremony } from './takeover-rig.ts';

const time = suite('federation/known-time');

const HOUR_MS = 3_600_000;

/** An authority, another node of its domain, and a partner. */
function domain() {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const post = world.add({ name: 'post', memberOf: 'blue' });
  const red = world.add({ name: 'red' });
  world.advance(500);
  world.befriend(blue, red);
  post.takeGrant(blue);
  world.link(blue, post);
  world.advance(3_000);
  return { world, blue, post, red };
}

const tierOf = (machine: Machine): string => machine.view().standing.tier;
const knows = (machine: Machine) => machine.node.time(machine.now);

time(
  'is known in the boot that a domain was founded in, and after a restart of the process',
  () => {
    const { blue } = domain();
    assert.equal(knows(blue).doubts, []);
    blue.restart();
    assert.ok(knows(blue).isKnown);
    assert.is(knows(blue).basis, 'wall');
  },
);

time('is unknown in another boot: at best SURVIVAL, however right the clock may be', () => {
  const { world, blue, post } = domain();
  world.cut(blue, post);
  post.reboot(world.nowMs);
  assert.equal(knows(post).doubts, ['start']);
  assert.is(tierOf(post), 'SURVIVAL');
  assert.ok(post.view().standing.timeUnknown);
  assert.ok(post.audit.some(({ event }) => event === 'time.unknown'));
  world.advance(5_000);
  assert.is(tierOf(post), 'SURVIVAL');
});

time('stays unknown when the process of that boot starts again', () => {
  const { world, blue, post } = domain();
  world.cut(blue, post);
  post.reboot(world.nowMs);
  post.restart();
  assert.equal(knows(post).doubts, ['start']);
});

time(
  'is told by the authority in an answer to a fresh nonce, and the clock is then the answer',
  () => {
    const { world, blue, post } = domain();
    world.cut(blue, post);
    post.reboot(946_684_800_000);
    assert.is(tierOf(post), 'SURVIVAL');
    world.link(blue, post);
    world.advance(2_000);
    assert.equal([knows(post).isKnown, knows(post).basis], [true, 'beacon-key']);
    assert.is(tierOf(post), 'FRESH');
    const errorMs = knows(post).clock - world.nowMs;
    assert.ok(errorMs >= 0 && errorMs < 100, `${errorMs} ms`);
    post.restart();
    assert.is(knows(post).basis, 'beacon-key');
    world.advance(60_000);
    assert.ok(Math.abs(knows(post).clock - world.nowMs) < 100);
  },
);

time('begins with a jump of the wall clock, and the answer replaces the wall clock', () => {
  const { world, blue, post } = domain();
  world.cut(blue, post);
  for (const jumpMs of [HOUR_MS, -HOUR_MS]) {
    post.wallMs += jumpMs;
    post.input({ kind: 'wake' });
    assert.equal(knows(post).doubts, ['jump']);
    world.link(blue, post);
    world.advance(2_000);
    assert.is(tierOf(post), 'FRESH');
    world.cut(blue, post);
    post.wallMs += 5 * jumpMs;
    post.input({ kind: 'wake' });
    assert.is(tierOf(post), 'FRESH');
    post.reboot(world.nowMs);
    world.link(blue, post);
    post.tell();
    world.cut(blue, post);
  }
});

time('is unknown of a domain whose bound is ahead of our clock by more than the lead', () => {
  const { world, blue, red } = domain();
  // The clock is slewed back, never far enough at once to be a jump.
  for (let i = 0; i < 3; i++) {
    blue.wallMs -= 100_000;
    blue.input({ kind: 'wake' });
  }
  assert.equal(knows(blue).doubts, []);
  assert.not.ok(knows(blue).isKnown);
  assert.is(blue.view(red.domain).standing.tier, 'SURVIVAL');
  blue.tell(world.nowMs);
  assert.ok(knows(blue).isKnown);
});

time('is not told by an answer to no question, nor by one that comes a second time', () => {
  const { world, blue, post } = domain();
  world.cut(blue, post);
  post.reboot(world.nowMs);
  world.link(blue, post);
  const before = blue.effects.length;
  world.advance(2_000);
  const answers = blue.effects
    .slice(before - 20)
    .flatMap((effect) => (effect.kind === 'send' && effect.frame[0] === 8 ? [effect.frame] : []));
  assert.ok(answers.length > 0);
  for (const bytes of answers) {
    const { verdict } = post.input({ kind: 'frame', peer: 'blue', bytes });
    assert.is(verdict?.code, 'answer-unasked');
  }
});

// A node whose lease is revoked still hears questions: who asks has done nothing wrong.
time('is not asked of a node in vain at the asker’s cost', () => {
  const { world, blue, post } = domain();
  const node = post.keys.node.keyId;
  blue.revoke({ class: 'lease', target: node, notAfter: unixMs(UNIX_MS_MAX) });
  world.advance(3_000);
  assert.ok(post.node.hasRevoked(blue.domain, node));
  blue.reboot(world.nowMs);
  world.advance(30_000);
  const codes = post.effects.flatMap((one) => (one.kind === 'refused' ? [one.refusal.code] : []));
  assert.not.ok(codes.includes('lease-revoked'));
});

time('is not told by an answer that somebody changed', () => {
  const { world, blue, post } = domain();
  world.cut(blue, post);
  post.reboot(world.nowMs);
  const held: Uint8Array[] = [];
  const binding = new Uint8Array(32);
  for (const [one, other] of [
    [blue, 'post'],
    [post, 'blue'],
  ] as const) {
    one.input({ kind: 'peer-up', peer: other, domain: blue.domain, groups: 'none', binding });
  }
  post.bootNowMs += 2_000;
  post.input({ kind: 'wake' });
  const questions = post.sent.filter(({ frame }) => frame[0] === 7);
  assert.ok(questions.length > 0);
  for (const { frame } of questions) blue.input({ kind: 'frame', peer: 'post', bytes: frame });
  for (const { frame } of blue.sent) if (frame[0] === 8) held.push(frame);
  const [answer] = held;
  assert.ok(answer !== undefined);
  const bent = (at: number): string | undefined => {
    const bytes = answer.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const { verdict } = post.input({ kind: 'frame', peer: 'blue', bytes });
    assert.not.ok(knows(post).isKnown, `byte ${at}`);
    return verdict?.code;
  };
  assert.is(bent(17 + 40), 'answer-voice', 'the lineage');
  // What the date rests on, the end of the Ed25519 leg, the end of the other: three strikes.
  const pair = answer.length - SIGNATURE_PAIR_BYTES;
  for (const at of [17 + 32, pair + 63, answer.length - 1]) {
    assert.is(bent(at), 'signature-invalid', `byte ${at}`);
  }
});

time('is told under a lease while the beacon key in force has said no beacon', () => {
  const { world, blue, post } = domain();
  world.cut(blue, post);
  post.reboot(946_684_800_000);
  blue.drawsLate = true;
  const key = signerOf('blue/rotated');
  blue.input({ kind: 'key', key });
  ceremony(blue, blue, { kind: 'rotate', key: key.publicPair });
  const binding = new Uint8Array(32).fill(7);
  const linked = { kind: 'peer-up', domain: blue.domain, groups: 'none', binding } as const;
  blue.input({ ...linked, peer: 'post' });
  post.sent.length = 0;
  post.input({ ...linked, peer: 'blue' });
  const [question] = post.sent.filter(({ frame }) => frame[0] === 7);
  assert.ok(question !== undefined);
  blue.sent.length = 0;
  blue.input({ kind: 'frame', peer: 'post', bytes: question.frame });
  const [answer] = blue.sent.filter(({ frame }) => frame[0] === 8);
  assert.ok(answer !== undefined);
  assert.is(post.input({ kind: 'frame', peer: 'blue', bytes: answer.frame }).verdict, null);
  assert.not.ok(knows(post).isKnown, 'one node is no quorum');
});

time('is told to one peer ten times at once, and then once a second', () => {
  const { blue } = domain();
  const peer = 'curious';
  const binding = new Uint8Array(32).fill(9);
  blue.input({ kind: 'peer-up', peer, domain: blue.domain, groups: 'none', binding });
  const tag = tagOf(blue.domain, binding);
  const ask = (at: number): string | undefined => {
    const bytes = encodeFrame({ kind: 'question', tag, nonce: new Uint8Array(32).fill(at) });
    return blue.input({ kind: 'frame', peer, bytes }).verdict?.code;
  };
  for (let i = 0; i < ANSWER_BURST; i++) assert.is(ask(i), undefined);
  assert.is(ask(ANSWER_BURST), 'peer-budget');
  blue.bootNowMs += 1_000 / ANSWER_RATE_PER_S;
  assert.is(ask(ANSWER_BURST), undefined);
  assert.is(ask(ANSWER_BURST), 'peer-budget');
});

time('is not told by an answer below the bound', () => {
  const { world, blue, post } = domain();
  world.cut(blue, post);
  // The authority loses the bound that its node has seen: its disk was put back, its clock set.
  const old = new Map(blue.records);
  world.advance(600_000);
  world.link(blue, post);
  world.advance(3_000);
  world.cut(blue, post);
  blue.records.clear();
  for (const [key, value] of old) blue.records.set(key, value);
  blue.reboot(world.nowMs - 590_000);
  blue.tell();
  post.reboot(946_684_800_000);
  world.link(blue, post);
  world.advance(5_000);
  assert.ok(post.refused.some(({ code }) => code === 'time-below-bound'));
  assert.not.ok(knows(post).isKnown);
});

time(
  'is no bound where a person said it: what is true is taken afterwards, though it is less',
  () => {
    const { world, blue, post } = domain();
    world.cut(blue, post);
    post.reboot(world.nowMs);
    post.tell(world.nowMs + 24 * HOUR_MS);
    assert.is(knows(post).basis, 'operator');
    world.link(blue, post);
    world.advance(5_000);
    assert.is(knows(post).basis, 'beacon-key');
    assert.is(tierOf(post), 'FRESH');
  },
);

time('below the bound is refused of a person, with nothing changed', () => {
  const { world, blue } = domain();
  blue.reboot(946_684_800_000);
  const request = blue.tell();
  const answer = blue.replies.get(request);
  assert.ok(answer instanceof Refusal);
  assert.is(answer instanceof Refusal && answer.code, 'time-below-bound');
  assert.not.ok(knows(blue).isKnown);
  blue.tell(world.nowMs);
  assert.is(knows(blue).basis, 'operator');
});

time(
  'keeps an authority from signing anything positive, and from answering, until a person says it',
  () => {
    const { world, blue, post } = domain();
    world.cut(blue, post);
    const { epoch, tick } = blue.view();
    blue.reboot(world.nowMs);
    world.link(blue, post);
    world.advance(5_000);
    assert.equal([blue.view().epoch, blue.view().tick], [epoch, tick]);
    const request = blue.publish([]);
    const refused = blue.replies.get(request);
    assert.is(refused instanceof Refusal && refused.code, 'time-unknown');
    const sent = blue.effects.length;
    post.reboot(world.nowMs);
    world.cut(blue, post);
    world.link(blue, post);
    world.advance(5_000);
    assert.not.ok(blue.effects.slice(sent).some((e) => e.kind === 'send' && e.frame[0] === 8));
    blue.tell();
    world.advance(70_000);
    assert.is(tierOf(blue), 'FRESH');
    assert.equal([knows(post).isKnown, knows(post).basis], [true, 'operator']);
    assert.is(tierOf(post), 'FRESH');
  },
);

time('does not keep an authority from revoking', () => {
  const { world, blue } = domain();
  blue.reboot(world.nowMs);
  const request = blue.revoke({ class: 'leaf', target: '4a', notAfter: blue.now.wall });
  assert.not.ok(blue.replies.get(request) instanceof Refusal);
});

time('that is answered gives back what quick boots have charged', () => {
  const { world, blue, post } = domain();
  world.cut(blue, post);
  for (let i = 0; i < 6; i++) post.reboot(world.nowMs);
  assert.ok((post.view().standing.ageMs ?? 0) > 10_000);
  world.link(blue, post);
  world.advance(2_000);
  assert.ok((post.view().standing.ageMs ?? 0) < 3_000);
  assert.is(tierOf(post), 'FRESH');
});

time('that is known says of evidence that is ahead of it whose fault that is', () => {
  const { world, blue, red } = domain();
  world.link(blue, red);
  red.wallMs += HOUR_MS;
  red.tell();
  red.publish([]);
  world.settle();
  assert.ok(blue.view(red.domain).standing.timeUnknown);
  blue.tell();
  assert.not.ok(blue.view(red.domain).standing.timeUnknown);
  assert.equal(
    blue.alarms.map((alarm) => alarm.kind === 'alarm' && alarm.code),
    ['clock-or-key', 'dated-ahead'],
  );
  world.advance(40_000);
  assert.is(blue.view(red.domain).standing.tier, 'EXPIRED');
});

time('is capped while the store cannot be written, and not longer', () => {
  const { blue } = domain();
  blue.input({ kind: 'store', isWritable: false });
  assert.is(tierOf(blue), 'SURVIVAL');
  assert.is(blue.alarms.length, 1);
  blue.input({ kind: 'store', isWritable: false });
  assert.is(blue.alarms.length, 1);
  blue.input({ kind: 'store', isWritable: true });
  assert.is(tierOf(blue), 'FRESH');
});

time.run();
