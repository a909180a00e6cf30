/**
 * How a withdrawal spreads through a thousand nodes: the time until the last one knows, against the
 * flood that no protocol beats: every hop at once, each at the delay of a link.
 */

import { MINUTE_MS } from '../../core/time.ts';
import { runWorld } from '../../sim/run.ts';
import { PLAIN } from '../../sim/scenario.ts';
import type { Bench } from './bench.ts';

const NODES = 1_000;
const HOUR_PERIODS = 60;
/** One domain of a thousand machines in a line would never meet: a star of chains does. */
const WORLD = {
  ...PLAIN,
  domains: 10,
  followers: NODES / 10 - 1,
  links: 'full' as const,
  minutes: 6,
  periodMs: MINUTE_MS,
  chainPeriods: HOUR_PERIODS,
  heals: false,
  happenings: [{ at: 4 * MINUTE_MS, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 }],
};
/** Authority to authority, then to each follower. */
const HOPS = 2;

/** `sim.converge` */
export const bench: Bench = {
  name: 'sim.converge',
  unit: 'ms',
  measure: () => {
    const { world } = runWorld({ scenario: WORLD, seed: 1, records: true });
    const [withdrawal] = world.withdrawals;
    const from = withdrawal?.acknowledgedAt ?? 0;
    const last = world.history.arrivals
      .filter(({ domain, at }) => domain === withdrawal?.domain && at >= from)
      .reduce((latest, { at }) => Math.max(latest, at), from);
    return { value: Math.max(1, last - from), limit: HOPS * WORLD.latencyMs };
  },
};
