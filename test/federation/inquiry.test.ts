/** Whose word about the time is enough: a quorum of nodes, and no fewer (PROTOCOL §4.4). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unixMs } from '../../core/time.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';

const voices = suite('federation/inquiry');

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

voices.run();
