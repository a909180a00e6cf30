/**
 * `daemon.idle.rss`: the most memory that a daemon holds with twenty domains and nothing to do.
 * Takes two and a half minutes: it grows as ticks begin, and is the same from then on.
 */

import { BOUNDS } from '../soak/slope.ts';
import { SCRAPE_MS, watch, withIdleDaemon } from '../soak/watch.ts';
import type { Bench } from './bench.ts';

const MEASURED_MS = 8 * SCRAPE_MS;

export const bench: Bench = {
  name: 'daemon.idle.rss',
  unit: 'MB',
  measure: () =>
    withIdleDaemon(async (daemon) => {
      let most = 0;
      await watch(daemon, MEASURED_MS, ({ rssMb }) => {
        most = Math.max(most, rssMb);
      });
      return { value: most, limit: BOUNDS.rssMb };
    }),
};
