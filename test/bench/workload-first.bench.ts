/**
 * `workload.first`: from a new connection to the first message of FetchX509SVID, p50, for an
 * identity that the daemon holds already. Daemon and workload are processes of their own.
 */

import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { type Bench, medianOf } from './bench.ts';

const CALLS = 1_000;
/** A daemon that was asked before: its code is compiled by then, as on any machine that is up. */
const WARM_UP = 300;

export const bench: Bench = {
  name: 'workload.first',
  unit: 'ms',
  async measure() {
    const daemon = new DaemonProcess('blue.example');
    const times: number[] = [];
    try {
      await daemon.start();
      const control = await daemon.control();
      const selectors = [`unix:uid:${process.getuid?.()}`];
      await control.call('entry.create', { spiffeId: 'spiffe://blue.example/web', selectors });
      await control.close();
      for (let call = 0; call < WARM_UP + CALLS; call++) {
        const started = performance.now();
        const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
        await client.fetchX509Svids();
        if (call >= WARM_UP) times.push(performance.now() - started);
        client.close();
      }
      return { value: medianOf(times) };
    } finally {
      await daemon.remove();
    }
  },
};
