/** A captured node: a follower in other hands replays, withholds, lies and forges. */

import { SECOND_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

const TAKEN = { on: ['d01-1'], amount: 5 * SECOND_MS };

/** As short as a cut cable: a fleet of real daemons runs this one by the clock. */
export const capturedNode: Scenario = {
  ...PLAIN,
  name: 'captured-node',
  shows: 'without a key a member of the coalition can annoy, and changes nobody’s belief',
  domains: 4,
  followers: 2,
  links: 'ring',
  relations: 'all',
  minutes: 6,
  periodMs: 5 * SECOND_MS,
  limits: {
    freshForMs: 30 * SECOND_MS,
    degradedForMs: 90 * SECOND_MS,
    survivalForMs: 600 * SECOND_MS,
  },
  happenings: [
    { at: 120 * SECOND_MS, fault: 'lying', forMs: 90 * SECOND_MS, ...TAKEN },
    { at: 150 * SECOND_MS, fault: 'replaying', forMs: 90 * SECOND_MS, ...TAKEN },
    { at: 180 * SECOND_MS, fault: 'withholding', forMs: 60 * SECOND_MS, ...TAKEN },
    { at: 200 * SECOND_MS, fault: 'isolation', on: ['d01-2'], forMs: 60 * SECOND_MS, amount: 0 },
    { at: 260 * SECOND_MS, fault: 'forging', forMs: 80 * SECOND_MS, ...TAKEN },
  ],
};
