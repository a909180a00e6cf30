/**
 * Worker threads for a swarm: seeds are dealt out one by one, results come back in any order.
 *
 * Ambient authority of the simulator lives in `sim/host`: threads, the stopwatch, files, signals.
 */

import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { RunResult } from '../run.ts';
import type { Scenario } from '../scenario.ts';

export interface PoolOptions {
  readonly scenario: Scenario;
  /** First and last of each range. */
  readonly seeds: readonly (readonly [number, number])[];
  readonly jobs: number | null;
  readonly onResult: (result: RunResult) => void;
  /** Ends the swarm early; what is under way is dropped. */
  readonly signal: AbortSignal;
}

/**
 * Megabytes for what is young in each thread. `npm run sim` gives 128, by which one large world is
 * collected a fifth faster and small ones are not; a thread for each core would take as many.
 */
const YOUNG_MB = 16;

/** Runs every seed; resolves when all are done or the signal came. */
export async function runPool(options: PoolOptions): Promise<void> {
  const count = options.seeds.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const jobs = Math.min(options.jobs ?? availableParallelism(), count);
  for (const bound of ['min', 'max']) {
    setFlagsFromString(`--${bound}-semi-space-size=${YOUNG_MB}`);
  }
  const seeds = each(options.seeds);
  const deal = (): number | null => (options.signal.aborted ? null : (seeds.next().value ?? null));
  await Promise.all(Array.from({ length: jobs }, () => work(options, deal)));
}

function* each(ranges: PoolOptions['seeds']): Generator<number, undefined> {
  for (const [first, last] of ranges) for (let seed = first; seed <= last; seed++) yield seed;
}

async function work(options: PoolOptions, deal: () => number | null): Promise<void> {
  const { scenario, signal, onResult } = options;
  const worker = new Worker(new URL('./swarm-worker.js', import.meta.url));
  const done = new Promise<void>((resolve, reject) => {
    const give = (): void => {
      const seed = deal();
      if (seed === null) resolve();
      else worker.postMessage({ scenario, seed });
    };
    worker.on('message', (result: RunResult) => {
      onResult(result);
      give();
    });
    worker.on('error', reject);
    signal.addEventListener('abort', () => resolve(), { once: true });
    give();
  });
  try {
    await done;
  } finally {
    await worker.terminate();
  }
}
