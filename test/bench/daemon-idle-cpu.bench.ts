/**
 * `daemon.idle.cpu`: share of a core that a daemon uses with twenty domains and nothing to do.
 * Takes eight minutes: what is counted is three periods of ticks, with twelve scrapes. What comes
 * more rarely than that is for the soak.
 *
 * A daemon runs for months, so its first minutes are left out: the runtime compiles what turns out
 * to be used, and the figure is a quarter higher after one minute than after five.
 */

import { BOUNDS } from '../soak/slope.ts';
import { cpuShare, type Sample, SCRAPE_MS, watch, withIdleDaemon } from '../soak/watch.ts';
import type { Bench } from './bench.ts';

/** Links settle, beacons of the start and the first ticks go round, code is compiled. */
const WARM_UP_MS = 20 * SCRAPE_MS;
const MEASURED_MS = 12 * SCRAPE_MS;

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
