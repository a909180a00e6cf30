/** Two runs beside each other: what differs is not passed over. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capturedNode } from '../../sim/scenarios/captured-node.ts';
import { cutCable } from '../../sim/scenarios/cut-cable.ts';
import { compareFalls, tableOf } from './comparison.ts';

const comparison = suite('fleet/comparison');

const FALL = { by: 'd00', of: 'd01.example', tier: 'DEGRADED', afterMs: 1_000 };
const LATER = { ...FALL, afterMs: 1_400 };

comparison('pairs the falls of both runs, and says how far apart they are', () => {
  const { pairs, unmatched, worstMs } = compareFalls(cutCable, [FALL], [LATER]);
  assert.equal(pairs, [{ lived: FALL, simulated: LATER }]);
  assert.equal([unmatched, worstMs], [[], 400]);
  assert.match(tableOf(pairs), /^d00 {6}DEGRADED +1 +1\.0 s +1\.4 s +0\.4 s$/m);
});

comparison('a fall that one run lacks, or has as another tier, is not passed over', () => {
  for (const [lived, simulated] of [
    [[FALL], []],
    [[FALL], [{ ...FALL, tier: 'FRESH' }]],
    [[FALL, LATER], [FALL]],
  ] as const) {
    assert.is(compareFalls(cutCable, lived, simulated).unmatched.length, 1);
  }
});

comparison('what a captured node sees itself is left out', () => {
  const fall = { ...FALL, by: 'd01-1' };
  assert.equal(compareFalls(capturedNode, [fall], []).unmatched, []);
});

comparison.run();
