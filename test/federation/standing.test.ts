/** How a domain stands, what comes next, and what may rest on it (PROTOCOL §4). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_LIMITS } from '../../federation/limits.ts';
import { NO_POLICY } from '../../federation/policy.ts';
import { documentTier, standingOf } from '../../federation/standing.ts';
import type { ActionClass } from '../../federation/tier.ts';
import { NO_TERMS, permitted, viewOf } from '../../federation/view.ts';
import { LIMITS } from '../fakes/coalition.ts';
import { Climber, settled } from './climber.ts';
import { forgeBeacon, forgeContents, forgeRoot, NOW } from './forge.ts';

const standings = suite('federation/standing');

standings('without evidence are EXPIRED and ageless', () => {
  const { standing } = new Climber().take(forgeRoot());
  assert.is(standing.tier, 'EXPIRED');
  assert.is(standing.ageMs, null);
  assert.is(standing.cliff, null);
});

standings('name the next fall and when it comes', () => {
  const node = settled();
  assert.equal(node.standing.cliff, { tier: 'DEGRADED', inMs: 10_000 });
  node.wait(9_999);
  assert.equal(node.standing.cliff, { tier: 'DEGRADED', inMs: 1 });
  assert.equal(node.wait(1).standing.cliff, { tier: 'SURVIVAL', inMs: 10_000 });
  assert.equal(node.wait(10_000).standing.cliff, { tier: 'EXPIRED', inMs: 10_000 });
  assert.is(node.wait(10_000).standing.cliff, null);
});

standings('are judged by the tightest of Root, beacon, relation and configuration', () => {
  const node = settled().wait(5_000);
  const relation = { ...LIMITS, freshForMs: 5_000 };
  const local = { ...LIMITS, degradedForMs: 5_000 };
  assert.is(standingOf(node.belief, [], node.now).tier, 'FRESH');
  assert.is(standingOf(node.belief, [relation], node.now).tier, 'DEGRADED');
  assert.is(standingOf(node.belief, [relation, local], node.now).tier, 'SURVIVAL');
  assert.is(standingOf(node.belief, [NO_LIMITS], node.now).tier, 'EXPIRED');
  const ceilings = { freshForMs: 1, degradedForMs: 1, survivalForMs: 1 };
  node.take(forgeRoot({ version: 2, members: { ceilings } }));
  assert.is(node.standing.tier, 'EXPIRED');
});

standings('are late when three periods brought no tick', () => {
  const node = settled().wait(2_999);
  assert.not.ok(node.standing.late);
  assert.is(node.standing.lateInMs, 1);
  assert.ok(node.wait(1).standing.late);
  assert.is(node.standing.lateInMs, null);
  assert.not.ok(node.take(forgeBeacon().tick(3)).standing.late);
  assert.is(node.standing.tier, 'FRESH');
});

standings('of a stopped domain are DEGRADED at best, and not late', () => {
  const node = settled().take(forgeBeacon().stop);
  assert.is(node.standing.tier, 'DEGRADED');
  assert.ok(node.standing.stopped);
  assert.not.ok(node.wait(60_000).standing.late);
  assert.is(node.standing.tier, 'EXPIRED');
});

standings('of a document are never better than those of its domain', () => {
  const node = settled();
  const next = forgeContents(2);
  node.take(forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest: next.manifest }).bytes);
  const [held] = node.belief.documents.values();
  assert.ok(held !== undefined);
  assert.is(documentTier(held, node.standing), 'FRESH');
  assert.is(documentTier(held, node.wait(8_999).standing), 'FRESH');
  assert.is(documentTier(held, node.wait(1).standing), 'DEGRADED');
  assert.is(documentTier({ ...held, frozenAsOf: null }, node.standing), node.standing.tier);
  assert.is(documentTier(held, { ...node.standing, tier: 'QUARANTINED' }), 'QUARANTINED');
  assert.is(documentTier(held, { ...node.standing, asOf: null, ageMs: null }), 'EXPIRED');
});

/** Whether an act may rest on documents of this node's domain now, and until when. */
function judge(node: Climber, action: ActionClass, ...documents: readonly string[]) {
  const view = viewOf(node.belief, node.now, NO_TERMS);
  return permitted(view, NO_POLICY, { action, lifetime: 'renew', documents });
}

standings('permit an act until its evidence could last be renewed', () => {
  const node = settled();
  assert.equal(judge(node, 'issue', 'bundle'), {
    permitted: true,
    until: NOW + 30_000,
    override: null,
  });
  node.wait(10_000);
  assert.equal(judge(node, 'issue'), { permitted: false, tier: 'DEGRADED', needs: 'FRESH' });
  assert.equal(judge(node, 'renew'), { permitted: true, until: NOW + 30_000, override: null });
  node.wait(20_000);
  assert.equal(judge(node, 'renew'), { permitted: false, tier: 'EXPIRED', needs: 'SURVIVAL' });
});

standings('permit nothing that rests on what is not held', () => {
  const outcome = judge(settled(), 'issue', 'bundle', 'references');
  assert.equal(outcome, { permitted: false, tier: 'EXPIRED', needs: 'FRESH' });
});

standings('permit nothing without evidence, whatever the class', () => {
  const node = new Climber().take(forgeRoot());
  assert.not.ok(judge(node, 'issue').permitted);
  assert.not.ok(judge(node, 'renew').permitted);
});

standings.run();
