/** How soon a daemon that was away for half a year is FRESH again. */

import { CATCH_UP_PLAN, catchUp } from '../fleet/catch-up.ts';
import { FLEET_NEEDS, foundFleet } from '../fleet/fleet.ts';
import type { Bench } from './bench.ts';

const LIMIT_S = 10;

/**
 * `catchup`: seconds to FRESH after 12 Roots, 50,000 epochs and a compromised key, by a wire of
 * 50 ms or by one courier file, whichever takes longer.
 */
export const bench: Bench = {
  name: 'catchup',
  unit: 's',
  needs: FLEET_NEEDS,
  measure: async () => {
    await using fleet = await foundFleet(CATCH_UP_PLAN);
    const { byNetworkS, byFileS } = await catchUp(fleet);
    return { value: Math.max(byNetworkS, byFileS), limit: LIMIT_S };
  },
};
