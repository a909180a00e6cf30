/**
 * A restored virtual machine: it is put back with disk, memory and boot clock to where it was when
 * the time began, and no process notices a start. The wall clock is that of its host.
 *
 * Of a writer that is a fault of its own. Its memory holds a seed that it destroyed since, and the
 * numbers that it gave since are gone from it: cut off, it is a second machine with its key
 * (PROTOCOL, The guarantee), and the others have to treat that key as one that was stolen.
 */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneOf } from './victims.ts';

function puttingBack(name: string, whom: 'authorities' | 'followers', seen: string): Fault {
  return {
    name,
    family: 'disk',
    draw: oneOf(whom, 20 * MINUTE_MS),
    begin: (world, happening) => {
      const images = machinesOf(world, happening).flatMap((machine) => machine.image() ?? []);
      return () => {
        for (const putBack of images) {
          world.coverage.saw(seen);
          putBack();
        }
      };
    },
  };
}

export const restoredVm = puttingBack(
  'restored-vm',
  'followers',
  'disk: a machine was put back with its memory',
);
export const restoredWriter = puttingBack(
  'restored-writer',
  'authorities',
  'disk: a writer was put back with its memory',
);
