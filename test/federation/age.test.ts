/** Bound and ledger: what no clock, restart or delay may hide (PROTOCOL §4.1, §4.2). */

import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LEDGER_STEP_MS } from '../../core/limits.ts';
import { bootMs, unixMs } from '../../core/time.ts';
import {
  advance,
  ageAt,
  boundAt,
  evaluationClock,
  fallBack,
  ledgerAt,
  ledgerStepMs,
  resumeKeeping,
  settleKeeping,
  startKeeping,
} from '../../federation/age.ts';
import { asRead, type Moment } from '../../federation/moment.ts';
import { NOW } from './forge.ts';

const age = suite('federation/age');

const at = (wallMs: number, boot: number): Moment =>
  asRead({ wall: unixMs(NOW + wallMs), boot: bootMs(boot) });
const asOf = unixMs(NOW);
const start = startKeeping(asOf, at(0, 1_000));

age('is the time since the evidence, by the wall or by the bound', () => {
  assert.is(ageAt(start, asOf, at(5_000, 6_000)), 5_000);
  assert.is(ageAt(start, asOf, at(9_000, 6_000)), 9_000);
  assert.is(ageAt(start, asOf, at(-9_000, 6_000)), 5_000);
});

age('is never below zero', () => {
  assert.is(ageAt(startKeeping(unixMs(NOW + 50), at(0, 0)), unixMs(NOW + 50), at(0, 0)), 0);
});

age('is judged by the later of wall and bound', () => {
  assert.is(evaluationClock(start, at(7_000, 2_000)), NOW + 7_000);
  assert.is(evaluationClock(start, at(-7_000, 2_000)), NOW + 1_000);
});

age('falls by what asOf gained, and not at all by receiving', () => {
  const late = advance(start, { from: asOf, to: unixMs(NOW + 1_000) }, at(0, 11_000));
  assert.is(ledgerAt(late, bootMs(11_000)), 9_000);
  const same = advance(start, { from: asOf, to: asOf }, at(0, 11_000));
  assert.is(ledgerAt(same, bootMs(11_000)), 10_000);
});

age('grows by what asOf lost to newer evidence of an older date', () => {
  const older = advance(start, { from: asOf, to: unixMs(NOW - 5_000) }, at(0, 11_000));
  assert.is(ledgerAt(older, bootMs(11_000)), 15_000);
});

age('grows by what was lost when evidence is disowned', () => {
  const fallen = fallBack(start, { from: asOf, to: unixMs(NOW - 4_000) }, at(0, 3_000));
  assert.is(ledgerAt(fallen, bootMs(3_000)), 6_000);
  assert.is(boundAt(fallen, bootMs(3_000)), boundAt(start, bootMs(3_000)));
});

age('is the same whenever the bookkeeping is read again', () => {
  const settled = settleKeeping(start, bootMs(4_000));
  assert.is(boundAt(settled, bootMs(9_000)), boundAt(start, bootMs(9_000)));
  assert.is(ledgerAt(settled, bootMs(9_000)), ledgerAt(start, bootMs(9_000)));
});

age('continues within one boot, and is charged a step and its own powered time by another', () => {
  const stored = { ...start, bootId: 'a', aheadMs: 2_500 };
  assert.is(ageAt(resumeKeeping(stored, 'a'), asOf, at(0, 5_000)), 4_000);
  const other = resumeKeeping(stored, 'b');
  assert.is(boundAt(other, bootMs(0)), NOW);
  assert.is(ledgerAt(other, bootMs(0)), 2_500);
  assert.is(ledgerAt(other, bootMs(1_010)), 3_510);
});

age('is written ahead by a quarter of the first limit, within bounds', () => {
  const step = (freshForMs: number): number =>
    ledgerStepMs({ freshForMs, degradedForMs: 0, survivalForMs: 0 });
  assert.is(step(10_000), 2_500);
  assert.is(step(0), 1_000);
  assert.is(step(4_000), 1_000);
  assert.is(step(4 * LEDGER_STEP_MS + 4), LEDGER_STEP_MS);
});

age('never falls by more than asOf gained, and the bound never, whatever happens', () => {
  const event = fc.record({
    kind: fc.constantFrom('evidence', 'reboot', 'restart', 'wall'),
    waitMs: fc.nat(5_000),
    shiftMs: fc.integer({ min: -20_000, max: 20_000 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      let keeping = start;
      let evidence = asOf;
      let boot = 1_000;
      let wall = 0;
      for (const { kind, waitMs, shiftMs } of events) {
        boot += waitMs;
        wall += waitMs;
        const now = at(wall, boot);
        const ledger = ledgerAt(keeping, now.boot);
        const bound = boundAt(keeping, now.boot);
        const stored = { ...settleKeeping(keeping, now.boot), bootId: 'a', aheadMs: 2_500 };
        let gained = 0;
        if (kind === 'wall') wall += shiftMs;
        if (kind === 'restart') keeping = resumeKeeping(stored, 'a');
        if (kind === 'reboot') {
          boot = 10;
          keeping = resumeKeeping(stored, 'b');
        }
        if (kind === 'evidence') {
          const to = unixMs(Math.max(evidence, Math.min(bound, evidence + Math.abs(shiftMs))));
          gained = to - evidence;
          keeping = advance(keeping, { from: evidence, to }, now);
          evidence = to;
        }
        assert.ok(ledgerAt(keeping, bootMs(boot)) >= ledger - gained);
        assert.ok(boundAt(keeping, bootMs(boot)) >= bound);
      }
    }),
    { numRuns: 300 },
  );
});

age.run();
