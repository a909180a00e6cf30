/** Clocks that are wrong, set back and set forward, on either side of a link (PROTOCOL §4). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linkedCouple, type Machine } from '../fakes/coalition.ts';

const clocks = suite('federation/clocks');

/** Its clock jumps ahead, and its people say that it is right. */
function setFast(machine: Machine): void {
  machine.wallMs += 150_000;
  machine.tell();
}

const tierOf = (reader: Machine, writer: Machine): string =>
  reader.view(writer.domain).standing.tier;

clocks('set back hide no age from a node that goes on running', () => {
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  world.advance(12_000);
  assert.is(tierOf(blue, red), 'DEGRADED');
  blue.wallMs -= 3_600_000;
  blue.input({ kind: 'wake' });
  assert.is(tierOf(blue, red), 'SURVIVAL');
  blue.tell(world.nowMs);
  assert.is(tierOf(blue, red), 'DEGRADED');
  world.advance(10_000);
  assert.is(tierOf(blue, red), 'SURVIVAL');
});

clocks(
  'set back do not keep a node from what is true, at SURVIVAL until somebody says the time',
  () => {
    const { world, blue, red } = linkedCouple();
    blue.wallMs -= 3_600_000;
    world.advance(5_000);
    assert.is(tierOf(blue, red), 'SURVIVAL');
    assert.is(blue.view(red.domain).tick, red.view().tick);
    blue.tell(world.nowMs);
    world.advance(2_000);
    assert.is(tierOf(blue, red), 'FRESH');
    assert.is(blue.view().standing.tier, 'FRESH');
    assert.equal(blue.banned, []);
  },
);

clocks('set forward age what is held, and heal when they are set right', () => {
  const { world, blue, red } = linkedCouple();
  red.wallMs += 25_000;
  red.input({ kind: 'wake' });
  assert.is(tierOf(red, blue), 'SURVIVAL');
  red.wallMs -= 25_000;
  world.advance(2_000);
  assert.is(tierOf(red, blue), 'FRESH');
});

clocks(
  'that run fast at an authority have its evidence held, and admitted when ours catch up',
  () => {
    const { world, blue, red } = linkedCouple();
    setFast(red);
    red.publish([]);
    world.settle();
    const { standing, epoch } = blue.view(red.domain);
    assert.ok(standing.timeUnknown);
    assert.is(standing.tier, 'SURVIVAL');
    assert.ok(epoch < red.view().epoch);
    assert.is(blue.alarms.length, 1);
    world.cut(blue, red);
    world.advance(31_000);
    assert.not.ok(blue.view(red.domain).standing.timeUnknown);
    assert.ok(blue.view(red.domain).epoch > epoch);
    assert.equal(blue.banned, []);
  },
);

clocks('set forward at once admit what was held', () => {
  const { world, blue, red } = linkedCouple();
  setFast(red);
  red.publish([]);
  world.settle();
  setFast(blue);
  assert.not.ok(blue.view(red.domain).standing.timeUnknown);
  assert.is(blue.view(red.domain).beacon, red.view().beacon);
});

clocks('that run fast at an authority stop its ticks from counting ahead of time', () => {
  const { world, blue, red } = linkedCouple();
  setFast(red);
  red.input({ kind: 'wake' });
  world.settle();
  assert.ok(blue.refused.some(({ code }) => code === 'tick-from-future'));
  assert.equal(blue.banned, []);
  assert.is(tierOf(blue, red), 'FRESH');
});

clocks('of a reader behind a relay that delays everything make nothing younger', () => {
  // The relay holds all frames for 15 seconds, in order, for ever.
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  const delayed: { at: number; bytes: Uint8Array }[] = [];
  red.gossiped.length = 0;
  const ages: number[] = [];
  for (let s = 0; s < 45; s++) {
    const seen = red.effects.length;
    world.advance(1_000);
    for (const effect of red.effects.slice(seen)) {
      if (effect.kind === 'gossip') delayed.push({ at: s + 15, bytes: effect.message });
    }
    for (const { at, bytes } of delayed) {
      if (at === s) blue.input({ kind: 'gossip', peer: 'relay', bytes });
    }
    ages.push(blue.view(red.domain).standing.ageMs ?? 0);
  }
  const steady = ages.slice(20);
  assert.ok(Math.min(...steady) >= 14_000, String(Math.min(...steady)));
  assert.ok(Math.max(...steady) <= 18_000, String(Math.max(...steady)));
  assert.is(tierOf(blue, red), 'DEGRADED');
});

clocks('wake the machine in time for its next fall', () => {
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  blue.audit.length = 0;
  world.advance(40_000);
  const falls = blue.audit
    .filter(({ event, fields }) => event === 'tier.changed' && fields.domain === red.domain)
    .map(({ fields }) => fields.ageMs);
  assert.equal(falls, [10_000, 20_000, 30_000]);
  const late = blue.audit.filter(
    ({ event, fields }) => event === 'ticks.late' && fields.domain === red.domain,
  );
  assert.is(late.length, 1);
});

clocks('tell of each fall three times before it comes, and once each', () => {
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  blue.audit.length = 0;
  world.advance(40_000);
  const told = blue.audit
    .filter(({ event, fields }) => event === 'cliff.near' && fields.domain === red.domain)
    .map(({ fields }) => `${fields.percent} ${fields.next}`);
  // Of 20 s half are gone when DEGRADED begins at 10 s, and of 30 s of SURVIVAL two thirds.
  const falls = ['50 DEGRADED', '75 DEGRADED', '90 DEGRADED', '50 SURVIVAL', '75 SURVIVAL'];
  assert.equal(told, [...falls, '90 SURVIVAL', '50 EXPIRED', '75 EXPIRED', '90 EXPIRED']);
});

clocks.run();
