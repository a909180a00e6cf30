/**
 * `workload.stream.bytes`: resident memory of the daemon for one open stream, each on a connection
 * of its own, as a thousand workloads have them.
 */

import { openWorkloadClient, type WorkloadClient } from '../../daemon/workload-api/client.ts';
import { DaemonProcess } from '../daemon-process.ts';
import type { Bench } from './bench.ts';

const STREAMS = 1_000;
const SETTLE_MS = 2_000;

export const bench: Bench = {
  name: 'workload.stream.bytes',
  unit: 'bytes',
  async measure() {
    const daemon = new DaemonProcess('blue.example');
    const clients: WorkloadClient[] = [];
    const ending = new AbortController();
    const open = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
        clients.push(client);
        await client.watchX509Svids(ending.signal)[Symbol.asyncIterator]().next();
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    };
    try {
      await daemon.start();
      const control = await daemon.control();
      const selectors = [`unix:uid:${process.getuid?.()}`];
      await control.call('entry.create', { spiffeId: 'spiffe://blue.example/web', selectors });
      await control.close();
      await open(20); // what the first ones load stays, and is not theirs
      const before = daemon.residentBytes();
      await open(STREAMS);
      return { value: (daemon.residentBytes() - before) / STREAMS };
    } finally {
      ending.abort();
      for (const client of clients) client.close();
      await daemon.remove();
    }
  },
};
