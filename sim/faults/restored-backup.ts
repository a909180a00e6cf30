/**
 * A restored backup: the disk of a machine is copied, and put back when the time is over. Of an
 * authority that is a fault of its own: its start has to sign no number a second time (PROTOCOL
 * §2.6), whatever its disk remembers.
 */

import { HOUR_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneOf } from './victims.ts';

function restoring(name: string, whom: 'authorities' | 'followers'): Fault {
  return {
    name,
    family: 'disk',
    draw: oneOf(whom, HOUR_MS),
    begin: (world, happening) => {
      const machines = machinesOf(world, happening);
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
}

export const restoredBackup: Fault = restoring('restored-backup', 'followers');
export const restoredAuthority: Fault = restoring('restored-authority', 'authorities');
