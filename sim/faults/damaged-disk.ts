/**
 * A damaged disk: a bit flips, or a write lands at another's key. Nobody notices before the next
 * start, which comes when the time is over; then the store does not open.
 */

import { MINUTE_MS } from '../../core/time.ts';
import type { Disk } from '../disk.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

function damaging(name: string, damage: (disk: Disk) => void): Fault {
  return {
    name,
    family: 'disk',
    draw: oneFor(5 * MINUTE_MS),
    begin: (world, happening) => {
      const machines = machinesOf(world, happening);
      for (const { disk } of machines) {
        disk.backUp();
        damage(disk);
      }
      return () => {
        for (const machine of machines) {
          if (machine.power === 'off') continue;
          machine.stop(true);
          machine.boot();
        }
      };
    },
  };
}

export const bitFlip: Fault = damaging('bit-flip', (disk) => disk.flipBit());
export const misdirectedWrite: Fault = damaging('misdirected-write', (disk) => disk.misdirect());
