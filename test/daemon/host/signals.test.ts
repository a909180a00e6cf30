/** Signals that ask a process to end: the first asks, the second does not. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ROOT } from '../../root.ts';

const signals = suite('daemon/host/signals');

const MODULE = join(ROOT, 'dist/daemon/host/signals.js');
/** Says when it listens and what asked it to end, and goes on. */
const STUBBORN = `
import { untilAskedToEnd } from ${JSON.stringify(MODULE)};
setInterval(() => undefined, 1_000);
const asked = untilAskedToEnd();
console.log('listening');
console.log(await asked);
`;

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  signals(`${signal} asks once, and then ends the process`, async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', STUBBORN], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const said: string[] = [];
    for await (const text of child.stdout.setEncoding('utf8')) {
      said.push(...text.trim().split('\n'));
      child.kill(signal); // first when it listens, then when it says that it was asked
    }
    assert.equal(said, ['listening', signal]);
    assert.equal(await ended, [null, signal]);
  });
}

signals.run();
