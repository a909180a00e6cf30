/** One seed, one trace, whichever Node runs it: this one, and every other that is installed. */

import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { otherNodes, traceBy } from '../other-nodes.ts';
import { skip } from '../skip.ts';

const runtimes = suite('sim/runtimes');

const MAIN = fileURLToPath(new URL('../../sim/main.js', import.meta.url));
const SEEDS = [3, 7, 14];

/** The trace digests of some seeds, run by that Node. */
function tracesBy(node: string): readonly string[] {
  return SEEDS.map((seed) =>
    traceBy(node, [MAIN, '--seed', String(seed), '--nodes', '6', '--json']),
  );
}

const others = otherNodes();
if (others.size === 0) {
  skip('sim/runtimes › run one seed alike', 'no other Node is on the path');
}

for (const [version, node] of others) {
  runtimes(`run one seed alike: ${process.version} and ${version}`, () => {
    assert.equal(tracesBy(node), tracesBy(process.execPath));
  });
}

runtimes.run();
