/**
 * Crashes at every batch of records, restarts on the same disk, in the same boot and in another:
 * what was acknowledged holds, nothing is signed twice under one number, and all converge.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { comparePlaces, readBeacon } from '../../federation/beacon.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { TICK_BYTES } from '../../federation/tick.ts';
import { type Coalition, linkedCouple, type Machine } from '../fakes/coalition.ts';

const crashes = suite('federation/crash');

/** Every beacon that this machine's state machine ever let out, crashed or not. */
function beaconsOf(machine: Machine) {
  return machine.effects.flatMap((effect) => {
    if (effect.kind !== 'gossip' || effect.message.length === TICK_BYTES) return [];
    const beacon = readBeacon(decodeEnvelope(effect.message));
    return beacon.domain === machine.domain ? [beacon] : [];
  });
}

/** No two beacons of one place differ, and none is numbered below one before it. */
function assertNoEpochTwice(machine: Machine): void {
  const beacons = beaconsOf(machine);
  for (const [i, beacon] of beacons.entries()) {
    const before = beacons[i - 1];
    if (before === undefined || before.digest === beacon.digest) continue;
    assert.ok(comparePlaces(before, beacon) < 0, `${before.epoch} then ${beacon.epoch}`);
  }
}

/** A life with a change, a withdrawal and the end of a relation in it. */
function live(world: Coalition, blue: Machine): void {
  const entries = (body: number): Parameters<Machine['publish']>[0] => [
    { type: 'entries', name: 'entries/default', body: { group: 'default', entries: [body] } },
  ];
  blue.publish(entries(1));
  world.advance(1_500);
  blue.publish(entries(2), true);
  world.advance(1_500);
}

for (const bootId of ['boot-1', 'boot-2']) {
  crashes(`after any batch of records leave a domain that goes on, in ${bootId}`, () => {
    let crashed = 0;
    for (let batches = 1; batches < 40; batches++) {
      const { world, blue, red } = linkedCouple();
      blue.persistsLeft = batches;
      live(world, blue);
      if (!blue.isDown) break;
      crashed += 1;
      blue.bootId = bootId;
      if (bootId === 'boot-2') blue.bootNowMs = 10;
      world.revive(blue, red);
      if (bootId === 'boot-2') blue.tell();
      world.advance(3_000);
      assertNoEpochTwice(blue);
      assert.is(blue.view().standing.tier, 'FRESH');
      assert.is(red.view(blue.domain).standing.tier, 'FRESH');
      assert.is(red.view(blue.domain).epoch, blue.view().epoch);
      assert.is(red.view(blue.domain).beacon, blue.view().beacon);
      assert.equal(red.alarms, []);
      assert.equal(red.banned, []);
    }
    assert.ok(crashed >= 8, `${crashed} crashes`);
  });
}

crashes('of the reader after any batch of records lose nothing that it needs', () => {
  let crashed = 0;
  for (let batches = 1; batches < 30; batches++) {
    const { world, blue, red } = linkedCouple();
    red.persistsLeft = batches;
    live(world, blue);
    if (!red.isDown) break;
    crashed += 1;
    world.revive(red, blue);
    world.advance(3_000);
    assertNoEpochTwice(red);
    assert.is(red.view(blue.domain).beacon, blue.view().beacon);
    assert.ok(red.view(blue.domain).isComplete);
    assert.equal(red.banned, []);
  }
  assert.ok(crashed >= 8, `${crashed} crashes`);
});

crashes('let nothing out that the disk does not know', () => {
  // Whatever leaves must follow the batch that stores the step it speaks of.
  const { world, blue } = linkedCouple();
  live(world, blue);
  const stored = new Set<string>();
  for (const effect of blue.effects) {
    if (effect.kind === 'persist') {
      for (const { value } of effect.writes) if (value !== null) stored.add(String(value));
    }
    if (effect.kind === 'gossip') assert.ok(stored.has(String(effect.message)));
  }
});

crashes('lose no acknowledged change', () => {
  for (let batches = 1; batches < 20; batches++) {
    const { world, blue } = linkedCouple();
    blue.persistsLeft = batches;
    const request = blue.publish([
      { type: 'entries', name: 'entries/default', body: { group: 'default', entries: [9] } },
    ]);
    world.advance(1_000);
    const acknowledged = blue.replies.has(request);
    if (!blue.isDown) break;
    blue.restart();
    world.advance(1_000);
    const entries = blue.view().documents.get('entries/default')?.members.list('entries', 9);
    if (acknowledged) assert.equal(entries, [9]);
  }
});

crashes('and restarts in one boot carry age on without a charge', () => {
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  world.advance(7_000);
  const before = blue.view(red.domain).standing.ageMs ?? 0;
  blue.restart();
  assert.is(blue.view(red.domain).standing.ageMs, before);
});

crashes('and restarts in another boot charge one step, and the bound does not fall', () => {
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  world.advance(8_000);
  const before = blue.view(red.domain).standing.ageMs ?? 0;
  const asOf = blue.view(red.domain).standing.asOf ?? 0;
  // Power off; the wall clock wakes up where the last evidence was.
  blue.reboot(asOf);
  const after = blue.view(red.domain).standing.ageMs ?? 0;
  const stepMs = 2_500;
  assert.ok(after >= before, `${after} is below ${before}`);
  assert.ok(after <= before + stepMs, `${after} is a step above ${before}`);
});

/** Cut off, it boots again and again, each time with the date of its last evidence, and `runs`. */
function rebootUntilExpired(runs: (blue: Machine) => void): void {
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  const asOf = blue.view(red.domain).standing.asOf ?? 0;
  let poweredMs = 0;
  while (blue.view(red.domain).standing.tier !== 'EXPIRED') {
    assert.ok(poweredMs <= 30_000, 'a reboot loop keeps it alive');
    blue.reboot(asOf);
    const bootedAt = blue.bootNowMs;
    runs(blue);
    poweredMs += blue.bootNowMs - bootedAt;
  }
}

function pass(blue: Machine, ms: number): void {
  blue.bootNowMs += ms;
  blue.wallMs += ms;
}

crashes('in a loop faster than the checkpoints hide no powered time', () => {
  rebootUntilExpired((blue) => {
    pass(blue, 900);
    blue.input({ kind: 'wake' });
  });
});

crashes('in a loop with the longest pauses between looks hide no powered time either', () => {
  rebootUntilExpired((blue) => pass(blue, Math.max(1, blue.wakeAt - blue.bootNowMs - 1)));
});

crashes.run();
