/** One seed, one trace, whichever Node runs it: this one, and every other that is installed. */

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../skip.ts';

const runtimes = suite('sim/runtimes');

const MAIN = fileURLToPath(new URL('../../sim/main.js', import.meta.url));
const SEEDS = [3, 7, 14];

/** The trace digests of some seeds, run by that Node. */
function tracesBy(node: string): readonly string[] {
  return SEEDS.map((seed) => {
    const words = [MAIN, '--seed', String(seed), '--nodes', '6', '--json'];
    const { stdout, stderr } = spawnSync(node, words, { encoding: 'utf8' });
    const [, trace] = /"traceHash":"([0-9a-f]{64})"/.exec(stdout) ?? [];
    assert.ok(trace !== undefined, stderr.slice(-2_000));
    return trace;
  });
}

/** Every other Node on the path, by its version. */
function otherNodes(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    if (!existsSync(node)) continue;
    const { stdout } = spawnSync(realpathSync(node), ['--version'], { encoding: 'utf8' });
    const version = stdout.trim();
    if (version !== '' && version !== process.version) found.set(version, realpathSync(node));
  }
  return found;
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
