/** After a heal a withdrawal spreads through a web nearly as fast as a flood could. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { measureConvergence, webOf } from '../../sim/convergence.ts';

const convergence = suite('sim/convergence');

const MACHINES = 48;
const DOMAINS = 3;

convergence('is never faster than a flood, and at most half as slow again', () => {
  const { known, agreed, flood, machines } = measureConvergence(webOf(MACHINES, DOMAINS), 1);
  assert.is(machines, MACHINES);
  assert.ok(flood.p50Ms <= known.p50Ms && flood.lastMs <= known.lastMs);
  assert.ok(known.p99Ms <= 1.5 * flood.p99Ms, `${known.p99Ms} ms, a flood takes ${flood.p99Ms}`);
  assert.ok(known.lastMs <= agreed.lastMs);
});

convergence.run();
