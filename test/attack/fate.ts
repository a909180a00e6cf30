/** What becomes of one test file in a thread of its own, on shipping code with one line changed. */

import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import type { Clause } from './clauses.ts';

/** How often the line was there, and what the test file printed. */
export async function fateOf(clause: Clause): Promise<{ planted: number; printed: string }> {
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
