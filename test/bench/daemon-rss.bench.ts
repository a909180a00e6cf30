/** `daemon.rss`: resident memory of a daemon that has been idle for a minute with one peer. */

import { DaemonProcess, relate } from '../daemon-process.ts';
import type { Bench } from './bench.ts';

const IDLE_MS = 60_000;
const BYTES_PER_MB = 1_000_000;
/** What the daemon is allowed, on boxes of 1 GB. */
const BUDGET_MB = 130;

export const bench: Bench = {
  name: 'daemon.rss',
  unit: 'MB',
  async measure() {
    const [blue, red] = [new DaemonProcess('blue.example'), new DaemonProcess('red.example')];
    try {
      await Promise.all([blue.start(), red.start()]);
      await relate(blue, red);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      return { value: blue.residentBytes() / BYTES_PER_MB, limit: BUDGET_MB };
    } finally {
      await Promise.all([blue.remove(), red.remove()]);
    }
  },
};
