/** The desk of the simulated world, where followers come by leases. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ENROL_RETRY_MS_MAX } from '../../core/limits.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { settle } from '../../sim/coalition.ts';
import type { Machine } from '../../sim/machine.ts';
import { PLAIN } from '../../sim/scenario.ts';
import { standInSuite } from '../../sim/stand-in-suite.ts';
import { World } from '../../sim/world.ts';

const desk = suite('sim/desk');

const LIMITS = {
  freshForMs: 4 * MINUTE_MS,
  degradedForMs: 10 * MINUTE_MS,
  survivalForMs: 25 * MINUTE_MS,
};

/** When the lease that a machine holds was granted. */
function grantedTo(world: World, { node, clock }: Machine): number {
  return node?.heldLease(clock.now(world.now))?.issuedAt ?? 0;
}

// Leases last 25 minutes and are renewed every 12.5: the image is of minute 22, its lease ends at
// 37.5, and is put back at 38, when the one renewed at 37.5 would have left people alone until 50.
desk('a machine put back to a lease that has ended since asks for another before long', () => {
  const scenario = { ...PLAIN, domains: 2, followers: 1, minutes: 60, limits: LIMITS };
  const world = new World(scenario, 1, standInSuite, false);
  const [takenAt, forMs] = [22 * MINUTE_MS, 16 * MINUTE_MS];
  settle(world, [{ at: takenAt, fault: 'restored-vm', on: ['d01-1'], forMs, amount: 0 }]);
  const follower = world.machine('d01-1');
  if (follower === undefined) throw new Error('the scenario has a follower');
  world.runUntil(takenAt + forMs - 1);
  const renewed = grantedTo(world, follower);
  world.runUntil(takenAt + forMs);
  const putBack = grantedTo(world, follower);
  assert.ok(putBack < renewed, 'it has the lease of the image again');
  world.runUntil(world.now + ENROL_RETRY_MS_MAX + MINUTE_MS);
  assert.ok(grantedTo(world, follower) > renewed, 'it was granted another');
});

desk.run();
