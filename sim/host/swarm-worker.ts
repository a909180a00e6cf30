/** One thread of a swarm: a seed and its scenario come in, the result goes out. */

import { parentPort } from 'node:worker_threads';
import type { RunResult } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import { runWithSecondOpinion } from '../second-opinion.ts';

/** What the pool deals out. */
interface Task {
  readonly scenario: Scenario;
  readonly seed: number;
}

parentPort?.on('message', (task: Task) => {
  const result: RunResult = runWithSecondOpinion(task);
  parentPort?.postMessage(result);
});
