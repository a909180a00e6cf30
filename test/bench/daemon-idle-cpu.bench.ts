/**
 * `daemon.idle.cpu`: share of a core that a daemon uses with twenty domains and nothing to do.
 * Takes three minutes: what is counted is a period of ticks and a half, with six scrapes. What
 * comes more rarely than that is for the soak.
 */

import { BOUNDS } from '../soak/slope.ts';
import { cpuShare, type Sample, SCRAPE_MS, watch, withIdleDaemon } from '../soak/watch.ts';
import type { Bench } from './bench.ts';

/** Links settle, beacons of the start and the first ticks go round, code is compiled. */
const WARM_UP_MS = 5 * SCRAPE_MS;
const MEASURED_MS = 6 * SCRAPE_MS;

export const bench: Bench = {
  name: 'daemon.idle.cpu',
  unit: 'of a core',
  measure: () =>
    withIdleDaemon(async (daemon) => {
      const samples: Sample[] = [];
      await watch(daemon, WARM_UP_MS + MEASURED_MS, (sample) => samples.push(sample));
      const first = samples[WARM_UP_MS / SCRAPE_MS];
      const last = samples.at(-1);
      if (first === undefined || last === undefined) throw new Error('no samples');
      return { value: cpuShare(first, last), limit: BOUNDS.cpuShare };
    }),
};
