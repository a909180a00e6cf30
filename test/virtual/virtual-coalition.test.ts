/**
 * Real libp2p on virtual time: the shipping network between machines of one process, the same run
 * for the same seed.
 *
 * Timeout: 300 s
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MINUTE_MS } from '../../core/time.ts';
import { PLAIN, type Scenario } from '../../sim/scenario.ts';
import { cutCable } from '../../sim/scenarios/cut-cable.ts';
import { lackingIn } from './agreement.ts';
import { VirtualCoalition } from './virtual-coalition.ts';

const virtual = suite('virtual/virtual-coalition');

const { limits, periodMs } = cutCable;
const COUPLE: Scenario = { ...PLAIN, limits, periodMs, domains: 2, links: 'line', minutes: 2 };

/** Lives through a scenario without happenings. */
async function live(scenario: Scenario, seed: number) {
  await using coalition = new VirtualCoalition(scenario, seed);
  await coalition.begin();
  await coalition.time.runUntil(scenario.minutes * MINUTE_MS);
  const { trace, history } = coalition;
  const { tiers } = history;
  return { lacking: lackingIn(coalition), lines: trace.lines, digest: trace.digest(), tiers };
}

virtual('two daemons meet over libp2p and agree, twice byte for byte', async () => {
  const first = await live(COUPLE, 1);
  assert.equal(first.lacking, []);
  assert.ok(first.lines > 100, `${first.lines} lines`);
  assert.equal(await live(COUPLE, 1), first);
  assert.is.not((await live(COUPLE, 2)).digest, first.digest);
});

virtual.run();
