/**
 * A restored virtual machine: a follower is put back with disk, memory and boot clock to where it
 * was when the time began, and no process notices a start. The wall clock is that of its host.
 */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf } from './power.ts';

export const restoredVm: Fault = {
  name: 'restored-vm',
  family: 'disk',
  draw: (dice, { followers }) =>
    followers.length === 0
      ? null
      : { on: [dice.pick(followers)], forMs: 1 + dice.wait(20 * MINUTE_MS), amount: 0 },
  begin: (world, happening) => {
    const images = machinesOf(world, happening).flatMap((machine) => machine.image() ?? []);
    return () => {
      for (const putBack of images) {
        world.coverage.saw('disk: a machine was put back with its memory');
        putBack();
      }
    };
  },
};
