/** Share of a slow link that a quiet coalition of real daemons takes, in real time. */

import { FLEET_NEEDS, foundFleet } from '../fleet/fleet.ts';
import { quietPlan, quietShare } from '../fleet/quiet.ts';
import type { Bench } from './bench.ts';

/** The most it may take. */
const SHARE_MAX = 0.15;
/** Two of the longest intervals between comparisons; a quarter of an hour is said for the hour. */
const MINUTES = 16;

/**
 * `link.quiet.daemons`: what `link.quiet` works out at twenty times the speed, of 102 processes and
 * by the clock, once what their founding left to say was said. Takes about 40 minutes and 8 GB.
 */
export const bench: Bench = {
  name: 'link.quiet.daemons',
  unit: 'of the link',
  needs: FLEET_NEEDS,
  measure: async () => {
    await using fleet = await foundFleet(quietPlan());
    return { value: await quietShare(fleet, MINUTES), limit: SHARE_MAX };
  },
};
