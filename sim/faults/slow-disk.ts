/** A slow disk: a sync takes `amount` milliseconds on average. */

import { MINUTE_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor } from './victims.ts';

export const slowDisk: Fault = {
  name: 'slow-disk',
  family: 'disk',
  draw: oneFor(10 * MINUTE_MS, (dice) => dice.between(100, 5_000)),
  begin: (world, happening) => {
    const machines = machinesOf(world, happening);
    const before = machines.map(({ disk }) => disk.latencyMs);
    for (const { disk } of machines) disk.latencyMs = happening.amount;
    return () => {
      machines.forEach(({ disk }, i) => {
        disk.latencyMs = before[i] ?? disk.latencyMs;
      });
    };
  },
};
