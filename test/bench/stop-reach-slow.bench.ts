/** How soon a stop is beyond a slow link that is in use. */

import { FLEET_NEEDS, foundFleet } from '../fleet/fleet.ts';
import { reachOverSlowLink, stopPlan } from '../fleet/stop.ts';
import type { Bench } from './bench.ts';

const LIMIT_MS = 3_000;

/** `stop.reach.slow`: milliseconds, the worst of four stops over one link of 1.2 kbit/s. */
export const bench: Bench = {
  name: 'stop.reach.slow',
  unit: 'ms',
  needs: FLEET_NEEDS,
  measure: async () => {
    await using fleet = await foundFleet(stopPlan());
    return { value: Math.max(...(await reachOverSlowLink(fleet))), limit: LIMIT_MS };
  },
};
