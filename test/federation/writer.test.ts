/** The writer's fence: one seed a beacon, gone before its successor is signed (PROTOCOL §3.5). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeBlock } from '../../federation/armour.ts';
import type { Effect } from '../../federation/effect.ts';
import {
  buildChain,
  chainCommitment,
  decodeTick,
  encodeTick,
  isTickOf,
  STOP_INDEX,
  TICK_BYTES,
} from '../../federation/tick.ts';
import { Coalition, type Machine, signerOf } from '../fakes/coalition.ts';
import { believed, ceremony, pair } from './takeover-rig.ts';

const writers = suite('federation/writer');

/** A writer whose next beacon waits for its random bytes, and the beacon before. */
function betweenBeacons(withdrawal: boolean) {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(3_000);
  const before = blue.view();
  blue.effects.length = 0;
  blue.drawsLate = true;
  blue.publish([], withdrawal);
  world.advance(5_000);
  return { world, blue, before };
}

/** A writer, a partner, and somebody who read the seeds of its beacon and speaks to the partner. */
function robbed() {
  const { coalition, blue, red } = pair();
  const beacon = believed(blue).beacon?.beacon;
  if (beacon === undefined) throw new Error('no beacon');
  const [seed, secret] = [blue.entropy.slice(0, 32), blue.entropy.slice(32, 64)];
  const chain = buildChain(chainCommitment(beacon), seed, beacon.count);
  const reveal = (index: number): void => {
    const value = index === STOP_INDEX ? secret : chain[index];
    red.importFile(encodeBlock('tick', encodeTick(beacon.digest, index, value ?? secret)));
  };
  return { coalition, blue, red, thief: { reveal } };
}

function codeOf(alarm: Effect): string {
  return alarm.kind === 'alarm' ? alarm.code : alarm.kind;
}

/** The indices of all ticks and stops that were gossiped. */
function revealed(machine: Machine): readonly number[] {
  return machine.effects.flatMap((effect) =>
    effect.kind === 'gossip' && effect.message.length === TICK_BYTES
      ? [decodeTick(effect.message).index]
      : [],
  );
}

writers('reveal no step of a beacon once its successor is allocated', () => {
  const { blue } = betweenBeacons(false);
  assert.equal(revealed(blue), []);
});

writers('reveal the stop of what they withdraw, and then nothing more of it', () => {
  const { blue } = betweenBeacons(true);
  assert.equal(revealed(blue), [STOP_INDEX]);
  assert.is(blue.view().standing.tier, 'DEGRADED');
});

writers('go on with the successor once the bytes arrive', () => {
  const { world, blue, before } = betweenBeacons(true);
  blue.draw();
  world.advance(2_000);
  assert.is(blue.view().epoch, before.epoch + 1n);
  assert.is(blue.view().standing.tier, 'FRESH');
  const last = blue.effects.findLast((e) => e.kind === 'gossip' && e.message.length === TICK_BYTES);
  assert.ok(last?.kind === 'gossip');
  assert.ok(isTickOf(decodeTick(last.message), blue.view().beacon ?? ('' as never)));
});

writers('number a new lineage from its start, whatever they allocated before', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(3_000);
  blue.restart();
  world.advance(2_000);
  const high = blue.view().epoch;
  assert.ok(high > 100_000n, 'a start takes the highest number that the clock allows');
  blue.refused.length = 0;
  ceremony(blue, blue, { kind: 'lineage' });
  assert.is(blue.view().epoch, 1n);
  assert.is(blue.view().standing.tier, 'FRESH');
  world.advance(5_000);
  assert.equal(blue.refused, []);
  const next = blue.publish([]);
  assert.equal(blue.replies.get(next), { epoch: 2n, imported: [] });
  blue.restart();
  world.advance(2_000);
  assert.ok(blue.view().epoch > 2n && blue.view().epoch < high);
});

writers('reveal no tick of a beacon that a Root took back', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue', minEpochMs: 60_000 });
  world.advance(3_000);
  blue.restart();
  world.advance(90_000);
  const next = signerOf('blue/next');
  blue.input({ kind: 'key', key: next });
  const keyId = blue.keys.beacon[0].keyId;
  ceremony(blue, blue, { kind: 'rotate', key: next.publicPair }, { kind: 'compromise', keyId });
  blue.refused.length = 0;
  assert.is(blue.view().beacon, null);
  world.advance(10_000);
  assert.equal(blue.refused, []);
  world.advance(60_000);
  assert.is(blue.view().standing.tier, 'FRESH');
});

writers('whose stop somebody else reveals go on with another beacon', () => {
  const { coalition, blue, red, thief } = robbed();
  const before = red.view(blue.domain);
  thief.reveal(STOP_INDEX);
  coalition.advance(3_000);
  const after = red.view(blue.domain);
  assert.equal([after.epoch, after.standing.tier], [before.epoch + 1n, 'FRESH']);
  assert.equal(blue.alarms.map(codeOf), ['own-seeds-known']);
  assert.equal(red.alarms, []);
});

writers('of whose chain somebody else says a tick go on with another beacon', () => {
  const { coalition, blue, red, thief } = robbed();
  const before = red.view(blue.domain);
  thief.reveal(before.tick);
  assert.equal(blue.alarms, []);
  thief.reveal(before.tick + 2);
  coalition.advance(3_000);
  assert.is(red.view(blue.domain).epoch, before.epoch + 1n);
  assert.equal(blue.alarms.map(codeOf), ['own-seeds-known']);
  thief.reveal(before.tick + 3);
  coalition.advance(10_000);
  const after = red.view(blue.domain);
  assert.equal([after.epoch, after.standing.tier], [before.epoch + 1n, 'FRESH']);
  assert.is(blue.alarms.length, 1);
});

writers.run();
