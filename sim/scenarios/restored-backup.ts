/** A restored backup: a follower wakes up with the disk of twelve hours ago. */

import { HOUR_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../scenario.ts';

export const restoredBackup: Scenario = {
  ...PLAIN,
  name: 'restored-backup',
  shows:
    'a node put back in time believes nothing older than before it meets the others, and learns',
  domains: 3,
  followers: 1,
  minutes: 24 * 60,
  happenings: [
    { at: 2 * HOUR_MS, fault: 'restored-backup', on: ['d00-1'], forMs: 12 * HOUR_MS, amount: 0 },
    { at: 4 * HOUR_MS, fault: 'withdrawing', on: ['d01'], forMs: 0, amount: 7 },
  ],
};
