/**
 * `start.cold`: from the call of a daemon that resumes its domain, with no peer to reach, to the
 * first identity in the hands of a workload that was waiting; the limit is the bare runtime
 * starting and ending, in turns with it.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { type Bench, medianOf } from './bench.ts';

const ROUNDS = 7;

export const bench: Bench = {
  name: 'start.cold',
  unit: 'ms',
  async measure() {
    const daemon = new DaemonProcess('blue.example');
    const starts: number[] = [];
    const bare: number[] = [];
    try {
      await daemon.start();
      const control = await daemon.control();
      const selectors = [`unix:uid:${process.getuid?.()}`];
      await control.call('entry.create', { spiffeId: 'spiffe://blue.example/web', selectors });
      await control.close();
      for (let round = 0; round < ROUNDS; round++) {
        await daemon.kill('SIGKILL');
        const started = performance.now();
        daemon.spawn();
        await untilServed(daemon.workloadSocket);
        starts.push(performance.now() - started);
        const spawned = performance.now();
        await once(spawn(process.execPath, ['-e', '0']), 'exit');
        bare.push(performance.now() - spawned);
      }
      return { value: medianOf(starts), limit: medianOf(bare) };
    } finally {
      await daemon.remove();
    }
  },
};

/** Asks again and again, as a workload that starts with its machine would. */
export async function untilServed(path: string): Promise<void> {
  for (;;) {
    const client = openWorkloadClient({ kind: 'unix', path });
    try {
      await client.fetchX509Svids();
      return;
    } catch (error) {
      if (!(error instanceof Failure || error instanceof Refusal)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 3));
    } finally {
      client.close();
    }
  }
}
