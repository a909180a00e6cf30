/** Whose word about the time is enough: a quorum of nodes, and no fewer (PROTOCOL §4.4). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_LEAD_MS, QUESTION_FOR_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { MINUTE_MS, unixMs } from '../../core/time.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';

const voices = suite('federation/inquiry');

const BINDING = new Uint8Array(32).fill(7);
/** An answer later than this makes a rough date. */
const ROUGH_MS = MAX_LEAD_MS / 2;
/** Limits of minutes: what answers to questions are late by. */
const SLOW = {
  limits: {
    freshForMs: 10 * MINUTE_MS,
    degradedForMs: 20 * MINUTE_MS,
    survivalForMs: 120 * MINUTE_MS,
  },
  periodMs: MINUTE_MS,
};

/** An authority that went away, and four nodes of its domain that are left alone. */
function company() {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const posts = ['a', 'b', 'c', 'd'].map((name) => world.add({ name, memberOf: 'blue' }));
  world.advance(500);
  for (const post of posts) {
    post.takeGrant(blue);
    world.link(blue, post);
  }
  world.advance(3_000);
  for (const post of posts) world.cut(blue, post);
  const [lost, ...others] = posts;
  if (lost === undefined) throw new Error('nobody');
  lost.reboot(946_684_800_000);
  return { world, blue, lost, others };
}

const clockOf = (machine: Machine): number => machine.node.time(machine.now).clock;
const knows = (machine: Machine): boolean => machine.node.time(machine.now).isKnown;

/** Its clock is off, and it is sure of it. */
function lie(machine: Machine, byMs: number): void {
  machine.wallMs += byMs;
  machine.tell();
}

voices('of one node are not enough, of two that agree they are', () => {
  const { world, lost, others } = company();
  const [b, c] = others;
  if (b === undefined || c === undefined) return;
  world.link(lost, b);
  world.advance(5_000);
  assert.not.ok(knows(lost));
  world.link(lost, c);
  world.advance(5_000);
  assert.ok(knows(lost));
  assert.is(lost.node.time(lost.now).basis, 'quorum');
  assert.ok(Math.abs(clockOf(lost) - world.nowMs) < 100);
});

voices('of one captured node moves no clock', () => {
  for (const byMs of [-2_000_000, 2_000_000]) {
    const { world, lost, others } = company();
    const [liar, honest, third] = others;
    if (liar === undefined || honest === undefined || third === undefined) return;
    lie(liar, byMs);
    world.link(lost, liar);
    world.link(lost, honest);
    world.advance(5_000);
    assert.not.ok(knows(lost), 'two that do not agree');
    world.link(lost, third);
    world.advance(5_000);
    assert.ok(knows(lost));
    assert.ok(Math.abs(clockOf(lost) - world.nowMs) < 100, String(byMs));
  }
});

voices('that rest on a person say so', () => {
  const { world, lost, others } = company();
  for (const post of others) post.tell();
  for (const post of others) world.link(lost, post);
  world.advance(5_000);
  assert.is(lost.node.time(lost.now).basis, 'operator');
});

voices('of a node whose lease was revoked do not count', () => {
  const { world, blue, lost, others } = company();
  for (const { keys } of others.slice(1)) {
    const notAfter = unixMs(world.nowMs + 86_400_000);
    blue.revoke({ class: 'lease', target: keys.node.keyId, notAfter });
  }
  lost.importFile(blue.node.exportBundle(blue.domain));
  for (const post of others) world.link(lost, post);
  world.advance(5_000);
  assert.not.ok(knows(lost));
  assert.ok(lost.refused.some(({ code }) => code === 'answer-voice'));
});

voices('of nodes that do not know the time are not heard', () => {
  const { world, lost, others } = company();
  for (const post of others) {
    post.reboot();
    world.link(lost, post);
  }
  world.advance(5_000);
  assert.not.ok(knows(lost));
  assert.not.ok(others.some(knows));
});

/** A writer that comes back without a date, two nodes of its domain, and a partner. */
function returned() {
  const world = new Coalition();
  const blue = world.add({ name: 'blue', ...SLOW });
  const posts = ['b', 'c'].map((name) => world.add({ name, memberOf: 'blue', ...SLOW }));
  const red = world.add({ name: 'red', ...SLOW });
  world.advance(500);
  world.befriend(blue, red);
  for (const post of posts) post.takeGrant(blue);
  blue.reboot(946_684_800_000);
  return { world, blue, posts, red };
}

/** The questions that are put to those when they are linked; nobody has heard them yet. */
function asks(asker: Machine, others: readonly Machine[]) {
  const { domain } = asker;
  const known = { kind: 'peer-up', domain, groups: 'none', binding: BINDING } as const;
  for (const { options } of others) asker.input({ ...known, peer: options.name });
  const frames = asker.sent.splice(0).filter(({ frame }) => frame[0] === 7);
  return others.map((other) => {
    const frame = frames.findLast(({ peer }) => peer === other.options.name)?.frame;
    if (frame === undefined) throw new Error(`${other.options.name} is not asked`);
    return { other, frame };
  });
}

/** The questions arrive, are answered at once, and the answers are back: how many there were. */
function arrive(asker: Machine, questions: ReturnType<typeof asks>): number {
  const peer = asker.options.name;
  const answers = questions.flatMap(({ other, frame }) => {
    other.input({ kind: 'peer-up', peer, domain: asker.domain, groups: 'none', binding: BINDING });
    other.sent.length = 0;
    other.input({ kind: 'frame', peer, bytes: frame });
    return other.sent.splice(0).filter(({ frame: [kind] }) => kind === 8);
  });
  for (const [i, { frame }] of answers.entries()) {
    const from = questions[i]?.other.options.name ?? '';
    asker.input({ kind: 'frame', peer: from, bytes: frame });
  }
  return answers.length;
}

const aheadMs = (machine: Machine, world: Coalition): number => clockOf(machine) - world.nowMs;

voices('that came late make a date by which nothing is signed', () => {
  for (const lateMs of [ROUGH_MS, ROUGH_MS + 1]) {
    const { world, blue, posts, red } = returned();
    const { epoch } = blue.view();
    const questions = asks(blue, posts);
    world.advance(lateMs);
    assert.is(arrive(blue, questions), posts.length);
    assert.is(aheadMs(blue, world), lateMs);
    assert.not.ok(blue.view().standing.timeUnknown);
    assert.is(blue.view().standing.tier, 'FRESH');
    const isRough = lateMs > ROUGH_MS;
    assert.equal(blue.node.time(blue.now).doubts, isRough ? ['late'] : []);
    assert.is(knows(blue), !isRough);
    const refused = blue.replies.get(blue.publish([]));
    assert.is(refused instanceof Refusal && refused.code === 'time-unknown', isRough);
    world.link(blue, red);
    world.advance(5_000);
    assert.is(blue.view().epoch === epoch, isRough);
    assert.equal(red.alarms, []);
    assert.not.ok(red.view(blue.domain).standing.timeUnknown);
  }
});

voices('that come in time take the place of a date that was told late', () => {
  const { world, blue, posts, red } = returned();
  const questions = asks(blue, posts);
  world.advance(4 * MINUTE_MS);
  arrive(blue, questions);
  assert.is(aheadMs(blue, world), 4 * MINUTE_MS);
  blue.restart();
  assert.not.ok(knows(blue), 'another process of this boot is as late');
  for (const post of posts) world.link(blue, post);
  world.link(blue, red);
  world.advance(5_000);
  assert.ok(knows(blue));
  assert.ok(Math.abs(aheadMs(blue, world)) < 100);
  world.advance(10 * MINUTE_MS);
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  assert.equal(red.alarms, []);
});

voices('that are under way still make a rough date a better one, and no worse one', () => {
  const { world, blue, posts } = returned();
  const [b] = posts;
  if (b === undefined) return;
  const early = asks(blue, posts);
  world.advance(MINUTE_MS);
  blue.input({ kind: 'peer-down', peer: 'b' });
  blue.input({ kind: 'peer-down', peer: 'c' });
  const later = asks(blue, posts);
  world.advance(2 * MINUTE_MS);
  arrive(blue, early);
  assert.is(aheadMs(blue, world), 3 * MINUTE_MS);
  arrive(blue, later);
  assert.is(aheadMs(blue, world), 2 * MINUTE_MS);
  arrive(blue, early);
  assert.is(aheadMs(blue, world), 2 * MINUTE_MS);
});

voices('of whoever was told late are not heard', () => {
  const { world, blue, posts } = returned();
  const [b, c] = posts;
  if (b === undefined || c === undefined) return;
  blue.tell(world.nowMs);
  b.reboot(946_684_800_000);
  const questions = asks(b, [blue]);
  world.advance(ROUGH_MS + 1);
  assert.is(arrive(b, questions), 1);
  assert.is(b.view().standing.tier, 'FRESH', 'it is a minute older, and no more is amiss');
  c.reboot(946_684_800_000);
  assert.is(arrive(c, asks(c, [b])), 0);
});

voices('that come late leave a date that is known', () => {
  const { world, blue, posts } = returned();
  const questions = asks(blue, posts);
  blue.tell(world.nowMs);
  const asked = asks(blue, posts);
  world.advance(ROUGH_MS + 1);
  for (const late of [questions, asked]) arrive(blue, late);
  assert.is(aheadMs(blue, world), 0);
  assert.is(blue.node.time(blue.now).basis, 'operator');
});

voices('about a rough date are asked for one at a time at last', () => {
  const { world, blue, posts } = returned();
  const questions = asks(blue, posts);
  world.advance(2 * MINUTE_MS);
  arrive(blue, questions);
  const askedAt: number[] = [];
  for (let i = 0; i < 60 * 60; i++) {
    const before = blue.effects.length;
    world.advance(1_000);
    const asked = blue.effects.slice(before).some((effect) => effect.kind === 'draw');
    if (asked) askedAt.push(world.nowMs);
  }
  const waits = askedAt.slice(1).map((at, i) => at - (askedAt[i] ?? 0));
  assert.ok(Math.abs((waits.at(-1) ?? 0) - QUESTION_FOR_MS) <= 1_000, waits.join());
});

voices.run();
