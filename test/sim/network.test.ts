/** Links of the simulated world: when they end. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MINUTE_MS } from '../../core/time.ts';
import { settle } from '../../sim/coalition.ts';
import { laneOf } from '../../sim/network.ts';
import { PLAIN } from '../../sim/scenario.ts';
import { standInSuite } from '../../sim/stand-in-suite.ts';
import { World } from '../../sim/world.ts';

const network = suite('sim/network');

// Leases last 25 minutes, and nobody grants another. Between, everything is looked at once that may
// bring a link up or down, as when a fault has passed: nothing does.
network('a link ends with the lease that it rests on, whatever passed it by meanwhile', () => {
  const limits = {
    freshForMs: 4 * MINUTE_MS,
    degradedForMs: 10 * MINUTE_MS,
    survivalForMs: 25 * MINUTE_MS,
  };
  const scenario = { ...PLAIN, domains: 2, followers: 1, minutes: 60, limits };
  const world = new World(scenario, 1, standInSuite, false);
  settle(world, []);
  for (const { domain } of world.machines.values()) world.desk.close(domain, 1);
  world.runUntil(20 * MINUTE_MS);
  const link = world.network.between('d00-1', 'd01-1');
  if (link === undefined) throw new Error('followers of linked domains are linked');
  assert.is(laneOf(link), 'whole');
  world.network.reconsider(link);
  world.runUntil(27 * MINUTE_MS);
  assert.is(laneOf(link), 'recovery');
  world.network.reconsider(link);
  const heard = link.acquaintance;
  world.runUntil(38 * MINUTE_MS);
  assert.is(laneOf(link), 'recovery');
  assert.is.not(link.acquaintance, heard, 'guests are judged anew');
});

network.run();
