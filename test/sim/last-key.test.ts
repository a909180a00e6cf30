/** What the people of a simulated domain do once none of its beacon keys is left. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addMs, DAY_MS, MINUTE_MS, unixMs } from '../../core/time.ts';
import type { DomainView } from '../../federation/view.ts';
import { settle } from '../../sim/coalition.ts';
import type { Machine } from '../../sim/machine.ts';
import { START_MS } from '../../sim/machine-clock.ts';
import { PLAIN } from '../../sim/scenario.ts';
import { standInSuite } from '../../sim/stand-in-suite.ts';
import { World } from '../../sim/world.ts';

const lastKey = suite('sim/last-key');

lastKey('people name another, and all find their domain FRESH again', () => {
  const scenario = { ...PLAIN, domains: 2, followers: 1, minutes: 20 };
  const world = new World(scenario, 1, standInSuite, false);
  settle(world, []);
  world.runUntil(2 * MINUTE_MS);
  const [writer, partner] = ['d00', 'd01'].map((name) => world.machine(name));
  if (writer === undefined || partner === undefined) throw new Error('the scenario has both');
  const notAfter = addMs(unixMs(START_MS), DAY_MS);
  const keys = world.keys.get(writer.domain)?.beacon ?? [];
  const targets = keys.map(
    ({ keyId }) => ({ class: 'authority', target: keyId, notAfter }) as const,
  );
  writer.request({ kind: 'revoke', targets }, () => undefined);
  const seenBy = ({ node, clock }: Machine): DomainView | null | undefined =>
    node?.viewOf(writer.domain, clock.now(world.now));
  world.runUntil(world.now + 1_000);
  assert.equal(
    [writer, partner].map((one) => seenBy(one)?.standing.tier),
    ['QUARANTINED', 'QUARANTINED'],
  );
  world.runUntil(world.now + 4 * MINUTE_MS);
  for (const machine of [writer, partner]) {
    assert.is(seenBy(machine)?.rootVersion, 2n);
    assert.is(seenBy(machine)?.standing.tier, 'FRESH');
  }
});

lastKey.run();
