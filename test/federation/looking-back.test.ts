/**
 * A stolen key tells two stories, and both are past when those who heard them meet: the newest
 * beacon is one and the same, and what lies behind it is not (PROTOCOL §5.2).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../core/bytes.ts';
import { BEACONS_KEPT_MAX } from '../../core/limits.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { Climber, settled } from './climber.ts';
import { type BeaconPlan, CONTENTS, DOMAIN, forgeBeacon, forgeRoot, KEYS, NOW } from './forge.ts';

const stories = suite('federation/looking-back');

const digestIn = (bytes: Uint8Array) => decodeEnvelope(bytes).digest;
const [KEY] = KEYS.beacon;
let dated = 0;

/** A beacon of that number which names the one before it. */
function beaconAfter(previous: Uint8Array, epoch: number, plan: BeaconPlan = {}): Uint8Array {
  const issuedAt = NOW + ++dated;
  return forgeBeacon({ epoch, previous: digestIn(previous), issuedAt, ...plan }).bytes;
}

const FIRST = forgeBeacon().bytes;
const TOLD = beaconAfter(FIRST, 2);
const HIDDEN = beaconAfter(FIRST, 2);
const NEXT = beaconAfter(HIDDEN, 3);
const NEWEST = beaconAfter(NEXT, 4);

const fileOf = (...beacons: readonly Uint8Array[]) =>
  beacons.map((bytes) => encodeBlock('beacon', bytes)).join('');

/** Two that are related to the domain, each of which heard what it was told. */
function listeners(toRed: readonly Uint8Array[], toGreen: readonly Uint8Array[]) {
  const world = new Coalition(NOW + 10_000);
  const [red, green] = [world.add({ name: 'red' }), world.add({ name: 'green' })];
  world.advance(500);
  const first = encodeBlock('root', forgeRoot()) + fileOf(FIRST);
  const contents =
    encodeBlock('manifest', CONTENTS.manifest) + encodeBlock('bundle', CONTENTS.bundle);
  for (const machine of [red, green]) machine.relate(first + contents);
  world.advance(500);
  red.importFile(fileOf(...toRed));
  green.importFile(fileOf(...toGreen));
  world.advance(500);
  return { world, red, green };
}

/** True where the key is disowned here, and the proof is on the disk. */
function knows(machine: Machine): boolean {
  const isAlarmed = machine.alarms.some(
    (effect) => effect.kind === 'alarm' && effect.code === 'equivocation',
  );
  return isAlarmed && machine.records.has(`federation/${DOMAIN}/disowned/${KEY.keyId}`);
}

stories('that differ just behind the newest beacon are found, and prove the key false', () => {
  const { world, red, green } = listeners([TOLD], [HIDDEN, NEXT]);
  assert.not.ok(knows(red) || knows(green));
  world.befriend(red, green);
  world.link(red, green);
  world.advance(1_000);
  assert.equal([knows(red), knows(green)], [true, true]);
});

stories('that differ some numbers behind it are found as well', () => {
  const { world, red, green } = listeners([TOLD], [HIDDEN, NEXT, NEWEST]);
  world.befriend(red, green);
  world.link(red, green);
  world.advance(1_000);
  assert.equal([knows(red), knows(green)], [true, true]);
});

stories('of which one is but shorter prove nothing', () => {
  const { world, red, green } = listeners([HIDDEN], [HIDDEN, NEXT, NEWEST]);
  world.befriend(red, green);
  world.link(red, green);
  world.advance(1_000);
  assert.is(red.view(DOMAIN).epoch, 4n);
  assert.equal([knows(red), knows(green)], [false, false]);
  assert.equal([red.banned, green.banned], [[], []]);
});

stories('are compared by beacons that were kept whole, over a restart too', () => {
  const node = settled();
  let last = FIRST;
  for (let epoch = 2; epoch <= BEACONS_KEPT_MAX + 4; epoch++) {
    last = beaconAfter(last, epoch);
    node.take(last);
  }
  assert.is(node.belief.past.length, BEACONS_KEPT_MAX);
  const kept = [...node.records.keys()].filter((key) => key.includes('/past/'));
  assert.equal(
    kept.map((key) => key.slice(-64)).sort(),
    node.belief.past.map(({ digest }) => digest as string).sort(),
  );
  assert.is(node.belief.past.at(-1)?.epoch, BigInt(BEACONS_KEPT_MAX + 3));
  const [oldest] = node.belief.past;
  assert.ok(toHex(oldest?.bytes ?? new Uint8Array()).length > 0);
});

stories('by whoever has not the key end nothing', () => {
  const node = new Climber().take(forgeRoot(), FIRST, TOLD, beaconAfter(TOLD, 3));
  const forged = beaconAfter(FIRST, 2, { signer: KEYS.documents });
  assert.is.not(node.give(forged), 'epoch-repeated');
  assert.is(node.belief.disowned.size, 0);
  assert.is(node.give(HIDDEN), 'epoch-repeated');
  assert.is(node.belief.disowned.size, 1);
});

stories.run();
