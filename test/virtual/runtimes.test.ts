/**
 * One seed over real libp2p, one trace, whichever Node runs it: this one, and every other that is
 * installed and no older than libp2p asks for.
 */

import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { otherNodes, traceBy } from '../other-nodes.ts';
import { skip } from '../skip.ts';

const runtimes = suite('virtual/runtimes');

const WORDS = [fileURLToPath(new URL('main.js', import.meta.url)), '--seed', '240'];
const MAJOR_MIN = 22;

const others = [...otherNodes()].filter(([version]) => {
  return Number.parseInt(version.slice(1), 10) >= MAJOR_MIN;
});
if (others.length === 0) {
  skip('virtual/runtimes › run one seed alike', 'no other Node of these days is on the path');
}

for (const [version, node] of others) {
  runtimes(`run one seed alike: ${process.version} and ${version}`, () => {
    assert.is(traceBy(node, WORDS), traceBy(process.execPath, WORDS));
  });
}

runtimes.run();
