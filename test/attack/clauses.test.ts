/** Harness honesty: each attack fails its test as soon as its mend is gone. Timeout: 600 s */

import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CLAUSES, type Clause } from './clauses.ts';

const clauses = suite('attack/clauses');

/** How often the line was there, and what the test file printed. */
async function fateOf(clause: Clause): Promise<{ planted: number; printed: string }> {
  const worker = new Worker(new URL('./clause-worker.js', import.meta.url), {
    ...{ stdout: true, stderr: true },
  });
  let planted = 0;
  worker.on('message', (count: number) => {
    planted += count;
  });
  const printed = Promise.all([text(worker.stdout), text(worker.stderr)]);
  const ended = new Promise<void>((resolve, reject) => {
    worker.on('exit', () => resolve());
    worker.on('error', reject);
  });
  worker.postMessage(clause);
  await ended;
  return { planted, printed: (await printed).join('') };
}

for (const clause of CLAUSES) {
  const { finding, without, file } = clause;
  clauses(`${finding} breaks through where ${without}`, async () => {
    const { planted, printed } = await fateOf(clause);
    assert.is(planted, 1, `${file} holds the line once`);
    assert.match(printed, new RegExp(`FAIL.*"${finding}: `), printed.slice(-2_000));
  });
}

clauses.run();
