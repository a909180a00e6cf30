/** How soon a stop is admitted everywhere. */

import { FLEET_NEEDS, foundFleet } from '../fleet/fleet.ts';
import { reachOfMany, stopPlan } from '../fleet/stop.ts';
import type { Bench } from './bench.ts';

const TIMES_EACH = 2;
const SHARE = 0.99;
const LIMIT_MS = 1_000;

/** `stop.reach`: milliseconds, the 99th percentile over thirty daemons and links of 50 ms. */
export const bench: Bench = {
  name: 'stop.reach',
  unit: 'ms',
  needs: FLEET_NEEDS,
  measure: async () => {
    await using fleet = await foundFleet(stopPlan());
    const ms = [...(await reachOfMany(fleet, TIMES_EACH))].sort((a, b) => a - b);
    return { value: ms[Math.ceil(SHARE * ms.length) - 1] ?? Number.NaN, limit: LIMIT_MS };
  },
};
