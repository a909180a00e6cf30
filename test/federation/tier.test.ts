/** Tiers by age, their order, and what each permits (PROTOCOL §4.5 to §4.7). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AgeLimits } from '../../federation/limits.ts';
import {
  ACTION_CLASSES,
  cutDown,
  DEFAULT_TIER_CAPS,
  DEFAULT_TIERS,
  isPermitted,
  limitOf,
  TIER_CEILINGS,
  TIERS,
  tierBelow,
  tierOfAge,
  worst,
} from '../../federation/tier.ts';
import { LIMITS } from '../fakes/coalition.ts';

const tiers = suite('federation/tier');

tiers('end when the age reaches their limit', () => {
  const ages = [0, 9_999, 10_000, 19_999, 20_000, 29_999, 30_000];
  assert.equal(
    ages.map((ageMs) => tierOfAge(ageMs, LIMITS)),
    ['FRESH', 'FRESH', 'DEGRADED', 'DEGRADED', 'SURVIVAL', 'SURVIVAL', 'EXPIRED'],
  );
});

tiers('of limits in a strange order are the worst that any limit says', () => {
  const limits = (freshForMs: number, degradedForMs: number, survivalForMs: number): AgeLimits => ({
    freshForMs,
    degradedForMs,
    survivalForMs,
  });
  assert.is(tierOfAge(5, limits(10, 20, 0)), 'EXPIRED');
  assert.is(tierOfAge(5, limits(10, 5, 30)), 'SURVIVAL');
  assert.is(tierOfAge(0, limits(0, 0, 0)), 'EXPIRED');
  assert.is(limitOf('FRESH', limits(10, 5, 30)), 5);
  assert.is(limitOf('DEGRADED', limits(10, 20, 7)), 7);
});

tiers('of an act are the worst of all it rests on', () => {
  for (const [i, a] of TIERS.entries()) {
    for (const [j, b] of TIERS.entries()) assert.is(worst(a, b), TIERS[Math.max(i, j)]);
  }
  assert.is(worst('FRESH'), 'FRESH');
  assert.is(worst('FRESH', 'EXPIRED', 'DEGRADED'), 'EXPIRED');
});

tiers('permit what needs them or less', () => {
  for (const [i, tier] of TIERS.entries()) {
    for (const [j, needed] of TIERS.entries()) assert.is(isPermitted(tier, needed), i <= j);
  }
});

tiers('fall one by one, and not below EXPIRED', () => {
  assert.equal(TIERS.map(tierBelow), ['DEGRADED', 'SURVIVAL', 'EXPIRED', 'EXPIRED', 'EXPIRED']);
  assert.is(limitOf('SURVIVAL', LIMITS), LIMITS.survivalForMs);
  assert.is(limitOf('EXPIRED', LIMITS), null);
  assert.is(limitOf('QUARANTINED', LIMITS), null);
});

tiers('of the default table cover every act, and always let revoke and report', () => {
  for (const action of ACTION_CLASSES) assert.ok(DEFAULT_TIERS.has(action));
  assert.is(DEFAULT_TIERS.get('issue'), 'FRESH');
  assert.is(DEFAULT_TIERS.get('change-policy'), 'FRESH');
  for (const tier of TIERS) {
    assert.ok(isPermitted(tier, DEFAULT_TIERS.get('revoke') ?? 'FRESH'));
    assert.ok(isPermitted(tier, DEFAULT_TIERS.get('report') ?? 'FRESH'));
  }
});

tiers(
  'of a policy are cut down to what Root permits, and a class without a cap needs FRESH',
  () => {
    const asked = new Map(ACTION_CLASSES.map((action) => [action, 'QUARANTINED'] as const));
    const cut = cutDown(asked, DEFAULT_TIER_CAPS);
    assert.is(cut.get('issue'), 'FRESH');
    assert.is(cut.get('renew'), 'SURVIVAL');
    assert.is(cut.get('revoke'), 'QUARANTINED');
    for (const tier of cutDown(asked, new Map()).values()) assert.is(tier, 'FRESH');
    const strict = new Map([['renew', 'FRESH'] as const]);
    assert.is(cutDown(strict, DEFAULT_TIER_CAPS).get('renew'), 'FRESH');
  },
);

tiers('that even Root can lift allow nothing but to revoke and report in EXPIRED', () => {
  for (const [action, worstTier] of TIER_CEILINGS) {
    const isNegative = action === 'revoke' || action === 'report';
    assert.is(isPermitted('EXPIRED', worstTier), isNegative, action);
  }
  assert.not.ok(isPermitted('SURVIVAL', TIER_CEILINGS.get('issue') ?? 'FRESH'));
});

tiers.run();
