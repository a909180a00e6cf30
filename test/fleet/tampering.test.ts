/** Tampering: what a fleet does to a machine's clocks and network card has to be what it says. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { HOUR_MS } from '../../core/time.ts';
import type { NetworkHandler } from '../../daemon/ports.ts';
import { encodeFrame } from '../../federation/message.ts';
import { Dice } from '../../sim/dice.ts';
import { cutCable } from '../../sim/scenarios/cut-cable.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeNetwork } from '../fakes/fake-network.ts';
import { forgeBeacon } from '../federation/forge.ts';
import { temporaryFolder } from '../folder.ts';
import { CapturedNetwork } from './captured-network.ts';
import { poorLine } from './poor-line.ts';
import { whyNot } from './story-plan.ts';
import { tamperedClock } from './tampered-clock.ts';
import { type Tampering, tamper } from './tampering.ts';

const tampering = suite('fleet/tampering');

const BEACON = encodeFrame({ kind: 'envelope', bytes: forgeBeacon().bytes });
const BEAT = encodeFrame({ kind: 'digest', digest: '0'.repeat(64) });

tampering('turns the wall clock alone, and leaves powered time as it is', async () => {
  await using folder = await temporaryFolder();
  const clock = new FakeClock();
  const { wall } = clock.now();
  const tampered = tamperedClock(clock, folder.path);
  assert.is(tampered.now().wall, wall);
  tamper(folder.path, { skewMs: -HOUR_MS });
  assert.is(tampered.now().wall, wall - HOUR_MS);
  tamper(folder.path, { frozenAt: wall });
  const { boot } = tampered.now();
  clock.advance(HOUR_MS);
  assert.equal(tampered.now(), { wall, boot: boot + HOUR_MS });
});

tampering('makes a boot of each process, on the clock that the last one had', async () => {
  await using folder = await temporaryFolder();
  const clock = new FakeClock();
  const first = tamperedClock(clock, folder.path);
  tamper(folder.path, { skewMs: -HOUR_MS });
  clock.advance(HOUR_MS);
  const second = tamperedClock(clock, folder.path);
  assert.is(second.now().wall, first.now().wall);
  assert.ok(second.now().boot < first.now().boot);
  assert.is.not(second.bootId, first.bootId);
});

/** The network of a captured node, and what really leaves it. */
async function captured(habits: Tampering['habits']) {
  const inner = new FakeNetwork();
  const domain = parseTrustDomain('taken.example');
  const dice = new Dice(1, 'captured');
  const nothing = (): void => undefined;
  const hands = { dice, after: nothing, did: nothing };
  const machine = { name: 'taken', domain, suite: runtimeSuite(), ...hands };
  const network = new CapturedNetwork(inner, machine, () => new Map(habits));
  await network.start({ frame: () => undefined, gossip: async () => 'accept' } as never);
  const handler: NetworkHandler | null = inner.handler;
  assert.ok(handler !== null);
  return { network, inner, handler };
}

tampering('without a habit lets a captured node behave', async () => {
  const { network, inner, handler } = await captured([]);
  network.send('peer', BEACON);
  assert.equal(inner.sent, [{ peer: 'peer', frame: BEACON }]);
  assert.is(await handler.gossip('peer', BEAT), 'accept');
});

tampering('withholds what others need, and relays nothing', async () => {
  const { network, inner, handler } = await captured([['withhold', 0]]);
  network.send('peer', BEACON);
  network.publish(BEACON.subarray(1));
  network.send('peer', BEAT);
  assert.equal(inner.sent, [{ peer: 'peer', frame: BEAT }]);
  assert.is(inner.published.length, 0);
  assert.is(await handler.gossip('peer', BEAT), 'ignore');
});

tampering('forges what it has heard of others', async () => {
  const { network, inner, handler } = await captured([['forge', 0]]);
  handler.frame('peer', BEACON);
  for (let i = 0; i < 20; i++) network.send('peer', BEAT);
  const forged = inner.sent.filter(({ frame }) => frame[0] !== BEAT[0]);
  assert.is(forged.length, 20);
  assert.ok(forged.every(({ frame }) => Buffer.compare(frame, BEACON) !== 0));
});

tampering('and what else a fleet cannot do is said by name', () => {
  assert.is(whyNot(cutCable, false), null);
  assert.is(whyNot({ ...cutCable, links: 'star' }, true) === null, false);
  assert.is(whyNot(poorLine, true), null);
  assert.match(whyNot(poorLine, false) ?? '', /nothing is lost/);
  const happenings = [{ at: 0, fault: 'slow-disk', on: ['d00'], forMs: 0, amount: 0 }];
  assert.match(whyNot({ ...cutCable, happenings }, true) ?? '', /slow-disk/);
});

tampering.run();
