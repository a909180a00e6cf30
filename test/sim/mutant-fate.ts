/** What becomes of a mutant: a thread of its own loads the changed code, and runs seeds on it. */

import { Worker } from 'node:worker_threads';
import type { MutantFate, MutantTask } from './mutant-worker.ts';
import { type Mutant, WORLD } from './mutants.ts';

/** Runs so many seeds in the world of the mutant, until one fails. */
export function fateOf(
  mutant: Mutant,
  how: Pick<MutantTask, 'seeds' | 'shrinks'>,
): Promise<MutantFate> {
  const { faults, world } = mutant;
  const task: MutantTask = { mutant, ...how, scenario: { ...WORLD, ...world, faults } };
  const worker = new Worker(new URL('./mutant-worker.js', import.meta.url));
  worker.postMessage(task);
  return new Promise((resolve, reject) => {
    worker.on('message', (fate: MutantFate) => {
      resolve(fate);
      void worker.terminate();
    });
    worker.on('error', reject);
  });
}
