/**
 * Attacks on the first design of the protocol that broke its guarantee, by the number of the
 * finding. Each runs against what answers it; clauses.ts holds the mutant that it fails on.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type JsonObject, parseJson } from '../../core/canonical.ts';
import { DAY_MS } from '../../core/time.ts';
import { rankInForce } from '../../federation/belief.ts';
import { decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { NO_POLICY } from '../../federation/policy.ts';
import { decodeTick } from '../../federation/tick.ts';
import { NO_TERMS, permitted, viewOf } from '../../federation/view.ts';
import { Coalition } from '../fakes/coalition.ts';
import { settled } from '../federation/climber.ts';
import { forgeBeacon, forgeContents, KEYS, NOW } from '../federation/forge.ts';

const attack = suite('attack/critical');

attack('C1: ticks kept for a reboot with a clock set back buy no second life', () => {
  // Whoever holds the power switch hands over one old tick a boot, each as if it were just made.
  const node = settled();
  const { tick } = forgeBeacon();
  for (let boot = 1; boot <= 8; boot++) {
    node.restart(`boot-${boot + 1}`, 0);
    node.wallMs = NOW + boot * 1_000;
    node.take(tick(boot));
  }
  assert.is.not(node.standing.tier, 'FRESH');
});

attack('C2: evidence that a slow clock holds back keeps nobody young', () => {
  // The clock was set back at a boot, so that all that is true is dated ahead of it.
  const node = settled().restart('boot-2', 0);
  const ahead = forgeBeacon({ epoch: 2, issuedAt: NOW + 60_000 });
  assert.is(node.give(ahead.bytes), 'evidence-held');
  assert.is(node.standing.tier, 'SURVIVAL');
  assert.ok(node.standing.timeUnknown);
  node.wait(30_000);
  assert.is(node.standing.tier, 'EXPIRED');
});

attack('C3: a boot of unknown time is capped, goes on renewing, and ends by an answer', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const post = world.add({ name: 'post', memberOf: 'blue' });
  world.advance(500);
  post.takeGrant(blue);
  world.link(blue, post);
  world.advance(3_000);
  world.cut(blue, post);
  post.reboot(world.nowMs);
  assert.is(post.view().standing.tier, 'SURVIVAL');
  const act = { action: 'renew', lifetime: 'renew', documents: ['policy'] } as const;
  assert.ok(permitted(post.view(), NO_POLICY, act).permitted);
  world.link(blue, post);
  world.advance(2_000);
  assert.is(post.view().standing.tier, 'FRESH');
});

attack('C4: once a successor is allocated no machine makes a tick of the beacon before', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(3_000);
  const before = blue.view().beacon ?? '';
  blue.drawsLate = true;
  blue.publish([]);
  blue.gossiped.length = 0;
  blue.effects.length = 0;
  world.advance(5_000);
  const told = blue.effects.flatMap((effect) => (effect.kind === 'gossip' ? [effect] : []));
  const ticks = told.map(({ message }) => message).filter(({ length }) => length === 43);
  assert.ok(ticks.every((bytes) => !before.startsWith(decodeTick(bytes).tag)));
});

attack('C5: a beacon signed anew is no second statement, and a forked domain has a way out', () => {
  const node = settled();
  const { payload } = decodeEnvelope(forgeBeacon().bytes);
  const again = signEnvelope('beacon', parseJson(payload) as JsonObject, [KEYS.beacon[0]]);
  assert.is(node.give(again), 'document-held');
  assert.is(node.give(forgeBeacon({ seed: 'rival' }).bytes), 'epoch-repeated');
  assert.is(rankInForce(node.belief), 1);
  node.take(forgeBeacon({ rank: 1, epoch: 2, signer: KEYS.beacon[1] }).bytes);
  assert.is(node.standing.tier, 'FRESH');
});

attack('C7: who was away skips fifty thousand epochs, and nobody numbers ahead of time', () => {
  const node = settled();
  const later = NOW + 180 * DAY_MS;
  node.wait(180 * DAY_MS);
  const ahead = forgeBeacon({ epoch: 1 + (181 * DAY_MS) / 100 + 1, issuedAt: later });
  assert.is(node.give(ahead.bytes), 'epoch-ahead');
  node.take(forgeBeacon({ epoch: 51_841, issuedAt: later }).bytes);
  assert.is(node.standing.tier, 'FRESH');
});

attack('C8: an act on a fresh domain is as old as the oldest document it rests on', () => {
  const second = forgeContents(2);
  const node = settled().wait(9_000);
  node.take(forgeBeacon({ epoch: 2, issuedAt: NOW + 9_000, manifest: second.manifest }).bytes);
  node.wait(2_000);
  const view = viewOf(node.belief, node.now, NO_TERMS);
  assert.is(view.standing.tier, 'FRESH');
  const act = { action: 'issue', lifetime: 'renew', documents: ['bundle'] } as const;
  assert.not.ok(permitted(view, NO_POLICY, act).permitted);
  assert.ok(permitted(view, NO_POLICY, { ...act, documents: [] }).permitted);
});

attack.run();
