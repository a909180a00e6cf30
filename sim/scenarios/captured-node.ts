/** A captured node: a follower in other hands replays, withholds, lies and forges. */

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

const TAKEN = { on: ['d01-1'], amount: 10 * MINUTE_MS };

export const capturedNode: Scenario = {
  ...PLAIN,
  name: 'captured-node',
  shows: 'without a key a member of the coalition can annoy, and changes nobody’s belief',
  domains: 4,
  followers: 2,
  minutes: 12 * 60,
  happenings: [
    { at: HOUR_MS, fault: 'lying', forMs: 4 * HOUR_MS, ...TAKEN },
    { at: 2 * HOUR_MS, fault: 'replaying', forMs: 4 * HOUR_MS, ...TAKEN },
    { at: 3 * HOUR_MS, fault: 'withholding', forMs: 2 * HOUR_MS, ...TAKEN },
    { at: 6 * HOUR_MS, fault: 'forging', forMs: 4 * HOUR_MS, ...TAKEN },
  ],
};
