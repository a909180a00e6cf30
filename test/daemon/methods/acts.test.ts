/** The gate before control methods: what a tier forbids, and what a refusal names (§4.7, §4.8). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal, refusalOf } from '../../../core/refusal.ts';
import { checkAct } from '../../../daemon/methods/acts.ts';
import type { ActionClass } from '../../../federation/tier.ts';
import { Coalition, type Machine } from '../../fakes/coalition.ts';
import { refuses } from '../../refused.ts';

const acts = suite('daemon/methods/acts');

const ADDING: readonly ActionClass[] = ['change-policy', 'delegate'];

function gate(machine: Machine, action: ActionClass): void {
  const { node } = machine;
  checkAct({ views: () => node.view(machine.now), policy: () => node.policy }, action);
}

/** An authority that says nothing more, so that its own word ages. */
function silent() {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(1_000);
  blue.drawsLate = true;
  return { world, blue };
}

acts('that add something are let through while our own word is fresh', () => {
  const { blue } = silent();
  for (const action of ADDING) gate(blue, action);
});

acts('that add something are refused in a worse tier, with all that mends it', () => {
  const { blue } = silent();
  blue.wallMs += 15_000;
  blue.bootNowMs += 15_000;
  for (const action of ADDING) {
    const refusal = refusalOf(() => gate(blue, action));
    assert.ok(refusal instanceof Refusal);
    if (!(refusal instanceof Refusal)) return;
    assert.is(refusal.code, 'tier-insufficient');
    const { domain, tier, needs, act, next, mend } = refusal.details;
    assert.equal([domain, tier, needs, act], [blue.domain, 'DEGRADED', 'FRESH', action]);
    assert.is(next, 'SURVIVAL');
    assert.match(String(mend), 'start the authority');
    assert.ok(Number(refusal.details.ageMs) >= 15_000);
    assert.ok(Number(refusal.details.nextInMs) > 0);
  }
});

acts('without a date are refused for that', () => {
  const { blue } = silent();
  blue.bootId = 'boot-2';
  blue.restart();
  for (const action of ADDING) refuses('time-unknown', () => gate(blue, action), action);
});

acts('that take back or show are let through in every tier', () => {
  const { blue } = silent();
  blue.wallMs += 60_000;
  blue.bootNowMs += 60_000;
  assert.is(blue.view().standing.tier, 'EXPIRED');
  for (const action of ['revoke', 'report'] as const) gate(blue, action);
});

acts.run();
