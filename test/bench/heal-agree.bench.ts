/** How long the halves of a coalition take to agree once the cable between them is back. */

import { FLEET_NEEDS, foundFleet } from '../fleet/fleet.ts';
import { healPlan, partitionAndHeal } from '../fleet/heal.ts';
import type { Bench } from './bench.ts';

const PARTITION_S = 60;
const PARTITIONS = 3;
const LIMIT_S = 5;

/**
 * `heal.agree`: seconds, the worst of three partitions of thirty real daemons, of a minute each and
 * with twenty changes in each half. `npm run fleet -- heal` makes more of them, and longer ones.
 */
export const bench: Bench = {
  name: 'heal.agree',
  unit: 's',
  needs: FLEET_NEEDS,
  measure: async () => {
    await using fleet = await foundFleet(healPlan());
    let worst = 0;
    for (let i = 0; i < PARTITIONS; i++) {
      const { agreedAfterS } = await partitionAndHeal(fleet, PARTITION_S);
      worst = Math.max(worst, agreedAfterS);
    }
    return { value: worst, limit: LIMIT_S };
  },
};
