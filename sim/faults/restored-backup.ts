/**
 * A restored backup: the disk of a follower is copied, and put back when the time is over. An
 * authority is spared: that its backups never sign twice is for its start to prove (PROTOCOL §2.6).
 */

import { HOUR_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf } from './power.ts';

export const restoredBackup: Fault = {
  name: 'restored-backup',
  family: 'disk',
  draw: (dice, { followers }) =>
    followers.length === 0
      ? null
      : { on: [dice.pick(followers)], forMs: 1 + dice.wait(HOUR_MS), amount: 0 },
  begin: (world, happening) => {
    const machines = machinesOf(world, happening).filter(({ isAuthority }) => !isAuthority);
    for (const { disk } of machines) disk.backUp();
    return () => {
      for (const machine of machines) {
        machine.stop(true);
        machine.restored = machine.disk.restoreBackup() || machine.restored;
        machine.boot();
      }
    };
  },
};
