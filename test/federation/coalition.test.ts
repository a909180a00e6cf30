/** Two domains, a cut link, and what each believes of the other meanwhile. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Coalition, linkedCouple } from '../fakes/coalition.ts';

const test = suite('federation/coalition');

test('an authority is fresh by its own ticks', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  assert.is(blue.view().epoch, 1n);
  assert.is(blue.view().standing.tier, 'FRESH');
  world.advance(60_000);
  assert.is(blue.view().standing.tier, 'FRESH');
  assert.ok(blue.view().tick >= 59);
  assert.is(blue.view().epoch, 1n);
});

test('two linked domains see each other fresh, and complete', () => {
  const { world, blue, red } = linkedCouple(0);
  world.advance(5_000);
  for (const [mine, theirs] of [
    [blue, red],
    [red, blue],
  ] as const) {
    const view = mine.view(theirs.domain);
    assert.is(view.standing.tier, 'FRESH');
    assert.ok(view.isComplete);
    assert.ok(view.documents.has('bundle'));
    assert.not.ok(view.documents.has('policy'));
  }
});

test('a cut link ages the partner through every tier, and a heal brings it back', () => {
  const { world, blue, red } = linkedCouple(0);
  world.advance(2_000);
  world.cut(blue, red);
  const tiers: string[] = [];
  for (let s = 0; s < 40; s++) {
    world.advance(1_000);
    const { tier } = blue.view(red.domain).standing;
    if (tiers.at(-1) !== tier) tiers.push(tier);
  }
  assert.equal(tiers, ['FRESH', 'DEGRADED', 'SURVIVAL', 'EXPIRED']);
  assert.is(blue.view().standing.tier, 'FRESH');
  world.link(blue, red);
  world.advance(2_000);
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  assert.equal(blue.alarms, []);
  assert.equal(
    blue.refused.filter((r) => r.judgement === 'reject'),
    [],
  );
});

test('a withdrawal reveals the stop before the new beacon', () => {
  const { world, blue, red } = linkedCouple(0);
  world.advance(3_000);
  red.audit.length = 0;
  blue.publish(
    [{ type: 'entries', name: 'entries/default', body: { group: 'default', entries: [1] } }],
    true,
  );
  world.advance(200);
  const events = red.audit.map((entry) => entry.event);
  assert.ok(events.indexOf('stop.admitted') >= 0);
  assert.ok(events.indexOf('stop.admitted') < events.indexOf('beacon.admitted'));
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
});

test('a restart resumes the domain, and no epoch is used twice', () => {
  const { world, blue, red } = linkedCouple(0);
  world.advance(5_000);
  const before = blue.view();
  blue.restart();
  world.advance(7_000);
  assert.ok(blue.view().epoch > before.epoch);
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  assert.is(red.view(blue.domain).epoch, blue.view().epoch);
});

test('an authority restored from an old disk signs no number twice, and is believed', () => {
  const { world, blue, red } = linkedCouple(0);
  world.advance(2_000);
  const backup = new Map(blue.records);
  for (let i = 0; i < 3; i++) {
    blue.publish([{ type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: i } }]);
    world.advance(500);
  }
  const seen = red.view(blue.domain);
  world.cut(blue, red);
  blue.records.clear();
  for (const [key, value] of backup) blue.records.set(key, value);
  blue.restart();
  world.advance(1_000);
  world.link(blue, red);
  world.advance(1_000);
  const now = red.view(blue.domain);
  assert.ok(now.epoch > seen.epoch);
  assert.is(now.standing.tier, 'FRESH');
  assert.is(now.documents.get('bundle')?.tier, 'FRESH');
  assert.equal(red.alarms, []);
});

test('an authority told of its own newer beacon says so, and goes on above it', () => {
  const { world, blue, red } = linkedCouple(0);
  world.advance(2_000);
  const backup = new Map(blue.records);
  world.advance(500);
  blue.publish([], true);
  world.advance(500);
  blue.records.clear();
  for (const [key, value] of backup) blue.records.set(key, value);
  blue.restart();
  world.link(blue, red);
  world.advance(2_000);
  assert.is(red.view(blue.domain).epoch, blue.view().epoch);
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  assert.ok(blue.audit.some(({ event }) => event === 'beacon.admitted'));
});

test.run();
