/**
 * `daemon.start`: from the call to "ready", for a daemon that resumes its domain; the limit is the
 * bare runtime starting and ending, in turns with it.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DaemonProcess } from '../daemon-process.ts';
import { type Bench, medianOf } from './bench.ts';

const ROUNDS = 7;

export const bench: Bench = {
  name: 'daemon.start',
  unit: 'ms',
  async measure() {
    const daemon = new DaemonProcess('blue.example');
    const starts: number[] = [];
    const bare: number[] = [];
    try {
      await daemon.start(); // founds the domain, and warms the disk
      for (let round = 0; round < ROUNDS; round++) {
        await daemon.kill('SIGTERM');
        starts.push(await timed(() => daemon.start()));
        bare.push(await timed(() => once(spawn(process.execPath, ['-e', '0']), 'exit')));
      }
      return { value: medianOf(starts), limit: medianOf(bare) };
    } finally {
      await daemon.remove();
    }
  },
};

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}
