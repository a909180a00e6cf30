/**
 * Peers that are admitted and say what is not so: that offer what they never give, hold what others
 * would give, offer without end, or hand over what is a secret of another domain (PROTOCOL §6.1,
 * §6.4).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import type { Digest } from '../../core/digest.ts';
import { digestOf, sha256 } from '../../core/digest.ts';
import { DEBTS_MAX, STRIKES_MAX, SYNC_BURST, WANT_TIMEOUT_MS } from '../../core/limits.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  type SummaryRow,
  tagOf,
  versionArgument,
} from '../../federation/message.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';

const lying = suite('federation/lying-peer');

const bindingOf = (peer: string) => sha256(toUtf8(peer));
const STRANGE = parseTrustDomain('green.example');

/** Blue and red relate to each other; red knows what blue published then, and no link is up. */
function partners() {
  const world = new Coalition();
  const [blue, red] = [world.add({ name: 'blue' }), world.add({ name: 'red' })];
  world.advance(500);
  world.befriend(blue, red);
  return { world, blue, red };
}

function framesTo(machine: Machine, peer: string): readonly Frame[] {
  const mine = machine.sent.filter((sent) => sent.peer === peer);
  machine.sent.length = 0;
  return mine.map(({ frame }) => decodeFrame(frame));
}

/** Links a peer of our making. */
function spy(machine: Machine, peer: string, domain = STRANGE) {
  machine.input({ kind: 'peer-up', peer, domain, groups: 'every', binding: bindingOf(peer) });
  framesTo(machine, peer);
  return (frame: Frame) => {
    const { verdict } = machine.input({ kind: 'frame', peer, bytes: encodeFrame(frame) });
    return { verdict: verdict?.code ?? null, frames: framesTo(machine, peer) };
  };
}

/** A row about blue that promises a beacon. */
function rowTo(peer: string, machine: Machine, named: Partial<SummaryRow> = {}): SummaryRow {
  return {
    tag: tagOf(machine.domain, bindingOf(peer)),
    ...{ rootVersion: 1n, lineage: 0n, rank: 0, epoch: 900n, tick: 0 },
    ...{ beacon: digestOf(toUtf8('a beacon')), contents: '0'.repeat(16) },
    ...named,
  };
}

const offer = (...rows: readonly SummaryRow[]): Frame => ({ kind: 'summary', rows });
const wantsIn = (frames: readonly Frame[]) =>
  frames.flatMap((frame) => (frame.kind === 'want' ? frame.wants : []));
const asksFor = (frames: readonly Frame[], what: string) =>
  wantsIn(frames).some((want) => want.what === what);

/** Lets so much time pass for one machine, and wakes it. */
function wait(machine: Machine, ms: number): void {
  machine.bootNowMs += ms;
  machine.wallMs += ms;
  machine.input({ kind: 'wake' });
}

lying('about what it holds is noted, and the next who offered it is asked', () => {
  const { blue, red } = partners();
  const liar = spy(red, 'liar');
  const honest = spy(red, 'honest');
  assert.ok(asksFor(liar(offer(rowTo('liar', blue))).frames, 'beacon'));
  assert.not.ok(asksFor(honest(offer(rowTo('honest', blue))).frames, 'beacon'));
  red.refused.length = 0;
  wait(red, WANT_TIMEOUT_MS);
  assert.ok(red.refused.some(({ code }) => code === 'want-unanswered'));
  const asked = wantsIn(framesTo(red, 'honest')).filter(({ what }) => what === 'beacon');
  assert.equal(
    asked.map(({ tag }) => tag),
    [tagOf(blue.domain, bindingOf('honest'))],
  );
  assert.equal(red.banned, []);
});

lying('once holds nobody up a second time', () => {
  const { blue, red } = partners();
  const liar = spy(red, 'liar');
  liar(offer(rowTo('liar', blue)));
  wait(red, WANT_TIMEOUT_MS);
  const beacon = digestOf(toUtf8('the next beacon'));
  const next = { epoch: 901n, beacon };
  assert.ok(asksFor(liar(offer(rowTo('liar', blue, next))).frames, 'beacon'));
  const honest = spy(red, 'honest');
  assert.ok(asksFor(honest(offer(rowTo('honest', blue, next))).frames, 'beacon'));
});

lying('about the Root of one domain does not hold up that of another', () => {
  const { world, blue, red } = partners();
  const green = world.add({ name: 'yellow' });
  world.advance(500);
  world.befriend(green, red);
  const liar = spy(red, 'liar');
  const honest = spy(red, 'honest');
  const roots = (frames: readonly Frame[]) => wantsIn(frames).filter(({ what }) => what === 'root');
  const two = { rootVersion: 2n };
  assert.is(roots(liar(offer(rowTo('liar', blue, two))).frames).length, 1);
  const [asked] = roots(honest(offer(rowTo('honest', green, two))).frames);
  assert.is(asked?.argument, versionArgument(2n));
});

lying('without end is asked for less and less, and remembered in a bounded place', () => {
  const { blue, red } = partners();
  const liar = spy(red, 'liar');
  const rounds = SYNC_BURST / 2;
  const made = (i: number): Partial<SummaryRow> => ({
    epoch: BigInt(1_000 + i),
    beacon: toHex(sha256(toUtf8(`beacon ${i}`))) as Digest,
  });
  let asked = 0;
  const say = (i: number) => {
    asked += wantsIn(liar(offer(rowTo('liar', blue, made(i)))).frames).filter(
      ({ what }) => what === 'beacon',
    ).length;
  };
  for (let i = 0; i < rounds; i++) say(i);
  assert.is(asked, rounds);
  wait(red, WANT_TIMEOUT_MS);
  const owed = red.refused.filter(({ code }) => code === 'want-unanswered').length;
  assert.ok(owed >= DEBTS_MAX);
  asked = 0;
  for (let i = 0; i < rounds; i++) say(rounds + i);
  assert.is(asked, 1);
});

lying('about whose documents it may pass on loses its place at the third', () => {
  const { blue, red } = partners();
  const secret = [...blue.records].find(([key]) => key.includes('/document/~'))?.[1];
  const bytes = secret?.slice(8) ?? new Uint8Array();
  const before = red.records.size;
  const leak = spy(red, 'leak', blue.domain);
  for (let strike = 1; strike <= STRIKES_MAX; strike++) {
    assert.is(leak({ kind: 'envelope', bytes }).verdict, 'document-secret');
  }
  assert.equal(red.banned, ['leak']);
  assert.is(red.records.size, before);
});

lying('about a domain of ours, from outside of it, is refused; a fellow node is heard', () => {
  const { blue } = partners();
  const secret = [...blue.records].find(([key]) => key.includes('/document/~'))?.[1];
  const bytes = secret?.slice(8) ?? new Uint8Array();
  assert.is(spy(blue, 'partner')({ kind: 'envelope', bytes }).verdict, 'document-secret');
  const fellow = spy(blue, 'fellow', blue.domain);
  assert.is(fellow({ kind: 'envelope', bytes }).verdict, 'document-held');
});

lying.run();
