/** Whether a revocation that a manifest pins is held by anybody of a simulated coalition. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REVOCATION_MONTH_MS } from '../../core/limits.ts';
import { addMs, MINUTE_MS, unixMs } from '../../core/time.ts';
import { recordKey } from '../../federation/record-key.ts';
import { settle } from '../../sim/coalition.ts';
import { lacksForGood } from '../../sim/lost-revocations.ts';
import { START_MS } from '../../sim/machine-clock.ts';
import { PLAIN } from '../../sim/scenario.ts';
import { standInSuite } from '../../sim/stand-in-suite.ts';
import { World } from '../../sim/world.ts';

const lost = suite('sim/lost-revocations');

lost('one that stood beside the pinned one is lost once nobody holds it any more', () => {
  const world = new World({ ...PLAIN, domains: 2, minutes: 20 }, 1, standInSuite, false);
  settle(world, []);
  world.runUntil(2 * MINUTE_MS);
  const [writer, partner] = ['d00', 'd01'].map((name) => world.machine(name));
  if (writer === undefined || partner === undefined) throw new Error('the scenario has both');
  const { domain } = writer;
  for (const month of [1, 3]) {
    const target = `spiffe://${domain}/lost/${month}`;
    const notAfter = addMs(unixMs(START_MS), month * REVOCATION_MONTH_MS);
    const targets = [{ class: 'identity', target, notAfter } as const];
    writer.request({ kind: 'revoke', targets }, () => undefined);
    world.runUntil(world.now + MINUTE_MS);
  }
  const group = [writer, partner];
  assert.equal(
    group.map((one) => lacksForGood(one, domain, group)),
    [false, false],
  );
  const prefix = recordKey(domain, 'revocations', '');
  const held = [...writer.believed.keys()].filter((key) => key.startsWith(prefix));
  assert.is(held.length, 2);
  const isLostWithout = (key: string): boolean => {
    const bytes = partner.believed.get(key);
    for (const { believed } of group) believed.delete(key);
    const isLost = group.every((one) => lacksForGood(one, domain, group));
    if (bytes !== undefined) partner.believed.set(key, bytes);
    assert.not.ok(lacksForGood(writer, domain, group), 'the partner holds it');
    return isLost;
  };
  assert.equal(held.map(isLostWithout), [true, true]);
});

lost.run();
