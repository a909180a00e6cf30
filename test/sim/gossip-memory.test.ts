/** What the machines of a simulated world remember of the gossip that they had. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MINUTE_MS } from '../../core/time.ts';
import { settle } from '../../sim/coalition.ts';
import { GossipMemory } from '../../sim/gossip-memory.ts';
import { gossipOf } from '../../sim/network.ts';
import { PLAIN } from '../../sim/scenario.ts';
import { standInSuite } from '../../sim/stand-in-suite.ts';
import { World } from '../../sim/world.ts';

const memory = suite('sim/gossip-memory');

const MESSAGE = gossipOf(Uint8Array.of(1, 2, 3));

memory('lasts two minutes at least, and not for ever', () => {
  const heard = new GossipMemory();
  const at = 10 * MINUTE_MS;
  assert.is(heard.had(MESSAGE.id, at), undefined);
  heard.keep(MESSAGE, at);
  assert.is(heard.had(MESSAGE.id, at + 2 * MINUTE_MS), MESSAGE.bytes);
  assert.is(heard.had(MESSAGE.id, at + 4 * MINUTE_MS), MESSAGE.bytes);
  assert.is(heard.had(MESSAGE.id, at + 7 * MINUTE_MS), undefined);
});

memory('is of a process, and ends with it: what was had before is taken again', () => {
  const world = new World({ ...PLAIN, domains: 2, minutes: 20 }, 1, standInSuite, false);
  settle(world, []);
  world.runUntil(MINUTE_MS);
  const machine = world.machine('d00');
  if (machine === undefined) throw new Error('the scenario has it');
  machine.heard.keep(MESSAGE, world.now);
  machine.sleep();
  machine.resume();
  assert.is(machine.heard.had(MESSAGE.id, world.now), MESSAGE.bytes);
  machine.stop(false);
  machine.startProcess();
  assert.is(machine.heard.had(MESSAGE.id, world.now), undefined);
});

memory.run();
