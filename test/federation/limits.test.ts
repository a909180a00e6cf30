/** Limits: what is absent is 0, and what combines is the tightest (PROTOCOL §4.5). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../core/canonical.ts';
import { SURVIVAL_CEILING_MS } from '../../core/limits.ts';
import {
  type AgeLimits,
  isWithin,
  NO_LIMITS,
  readLimits,
  tightest,
} from '../../federation/limits.ts';
import { Members } from '../../federation/members.ts';
import { refuses } from '../refused.ts';

const limits = suite('federation/limits');

const read = (members: JsonObject): AgeLimits => readLimits(new Members(members, 'limits'));
const of = (freshForMs: number, degradedForMs: number, survivalForMs: number): AgeLimits => ({
  freshForMs,
  degradedForMs,
  survivalForMs,
});

limits('that are absent are 0, never infinity', () => {
  assert.equal(read({}), NO_LIMITS);
  assert.equal(read({ degradedForMs: 5 }), of(0, 5, 0));
});

limits('end at the ceiling of all', () => {
  assert.is(read({ survivalForMs: SURVIVAL_CEILING_MS }).survivalForMs, SURVIVAL_CEILING_MS);
  for (const value of [SURVIVAL_CEILING_MS + 1, -1, 1.5, '5', null]) {
    refuses('document-malformed', () => read({ freshForMs: value }));
  }
});

limits('combine to the tightest, each for itself', () => {
  assert.equal(tightest(of(1, 20, 300)), of(1, 20, 300));
  assert.equal(tightest(of(1, 20, 300), of(10, 2, 400), of(5, 50, 3)), of(1, 2, 3));
  assert.equal(tightest(of(1, 2, 3), NO_LIMITS), NO_LIMITS);
});

limits('are within others when none is above', () => {
  const ceilings = of(10, 20, 30);
  assert.ok(isWithin(ceilings, ceilings));
  for (const one of [of(11, 20, 30), of(10, 21, 30), of(10, 20, 31)]) {
    assert.not.ok(isWithin(one, ceilings));
  }
});

limits.run();
