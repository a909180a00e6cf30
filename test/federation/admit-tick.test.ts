/** The ladder for ticks and stops, and what a forged one can cost (PROTOCOL §3). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TICK_STEPS_PER_MIN } from '../../core/limits.ts';
import { bootMs } from '../../core/time.ts';
import { PeerLedger } from '../../federation/peer-ledger.ts';
import { Climber, settled } from './climber.ts';
import { forgeBeacon, forgeRoot, NOW } from './forge.ts';

const ladder = suite('federation/admit-tick');

const beacon = forgeBeacon();

/** The same 43 bytes with another value under the same tag and index. */
function bent(tick: Uint8Array): Uint8Array {
  const copy = tick.slice();
  copy[42] = (copy[42] ?? 0) ^ 1;
  return copy;
}

ladder('admits the next step, or any later one that is due', () => {
  const node = settled().wait(20_000);
  assert.is(node.give(beacon.tick(1)), 'admitted');
  assert.is(node.give(beacon.tick(20)), 'admitted');
  assert.is(node.belief.asOf, NOW + 20_000);
  assert.is(node.standing.ageMs, 0);
});

ladder('refuses a tick of a beacon that is not held', () => {
  assert.is(settled().give(forgeBeacon({ epoch: 2 }).tick(1)), 'tick-unknown-beacon');
  assert.is(new Climber().take(forgeRoot()).give(beacon.tick(1)), 'tick-unknown-beacon');
});

ladder('refuses a tick of our future, and takes the last that is not', () => {
  const node = settled();
  assert.is(node.give(beacon.tick(3)), 'tick-from-future');
  assert.is(node.give(beacon.tick(2)), 'admitted'); // Root allows a lead of two seconds
});

ladder('refuses a wrong value under the right tag', () => {
  const node = settled().wait(10_000);
  assert.is(node.give(bent(beacon.tick(5))), 'tick-wrong');
  const other = forgeBeacon({ seed: 'other' }).tick(5).subarray(11);
  const moved = beacon.tick(5).slice();
  moved.set(other, 11);
  assert.is(node.give(moved), 'tick-wrong');
  assert.is(node.give(beacon.tick(5)), 'admitted');
});

ladder('refuses a value that is moved to another index', () => {
  const node = settled().wait(10_000);
  const moved = beacon.tick(5).slice();
  moved[10] = 6;
  assert.is(node.give(moved), 'tick-wrong');
});

ladder('refuses what is at or below the highest, unhashed', () => {
  const node = settled().wait(10_000).take(beacon.tick(5));
  const never = {
    spend(): void {
      throw new Error('hashed');
    },
  };
  assert.is(node.give(beacon.tick(5), never), 'tick-not-newer');
  assert.is(node.give(bent(beacon.tick(4)), never), 'tick-not-newer');
  assert.is(node.give(beacon.tick(0), never), 'tick-not-newer');
});

ladder('refuses a step past the chain, unhashed, and takes its last one', () => {
  const node = settled().wait(70_000);
  assert.is(node.give(beacon.tick(61)), 'tick-beyond-chain');
  assert.is(node.give(beacon.tick(60)), 'admitted');
});

ladder('counts no tick after the stop, of whatever step', () => {
  const node = settled().wait(5_000).take(beacon.tick(4), beacon.stop);
  assert.is(node.standing.tier, 'DEGRADED');
  assert.is(node.give(beacon.tick(5)), 'tick-stopped');
  assert.is(node.give(beacon.stop), 'tick-not-newer');
  assert.is(node.belief.asOf, NOW + 4_000);
});

ladder('takes a stop whatever its age, and recovers with the successor', () => {
  const node = settled().wait(600_000).take(beacon.stop);
  assert.is(node.standing.tier, 'EXPIRED');
  node.take(forgeBeacon({ epoch: 2, issuedAt: node.wallMs }).bytes);
  assert.is(node.belief.stop, null);
  assert.is(node.standing.tier, 'FRESH');
});

ladder('refuses a wrong stop, and the stop of another beacon', () => {
  const node = settled();
  assert.is(node.give(bent(beacon.stop)), 'tick-wrong');
  assert.is(node.give(forgeBeacon({ seed: 'other' }).stop), 'tick-unknown-beacon');
  assert.is(node.belief.stop, null);
});

ladder('remembers a stop through a restart', () => {
  const node = settled().take(beacon.stop).restart('boot-2', 5);
  assert.is(node.standing.tier, 'DEGRADED');
});

ladder('spends as many steps as lie between the tick and the highest held', () => {
  const node = settled().wait(60_000);
  const spent: number[] = [];
  const budget = { spend: (steps: number): number => spent.push(steps) };
  node.give(beacon.tick(10), budget);
  node.give(bent(beacon.tick(50)), budget);
  node.give(beacon.tick(12), budget);
  node.give(beacon.stop, budget);
  assert.equal(spent, [10, 40, 2, 1]);
});

ladder('bounds what forged ticks of one peer can cost in a minute', () => {
  const node = settled().wait(60_000);
  const ledger = new PeerLedger();
  let hashed = 0;
  const forged = bent(beacon.tick(60));
  let refused = 0;
  for (let i = 0; i < 1_000; i++) {
    const { spend } = ledger.steps('mallory', bootMs(node.bootNowMs));
    const budget = {
      spend(steps: number): void {
        spend(steps);
        hashed += steps;
      },
    };
    const outcome = node.give(forged, budget);
    if (outcome === 'tick-budget') refused += 1;
    else assert.is(outcome, 'tick-wrong');
  }
  assert.ok(hashed <= TICK_STEPS_PER_MIN && hashed > TICK_STEPS_PER_MIN - 60);
  assert.is(refused, 1_000 - hashed / 60);
  const honest = ledger.steps('alice', bootMs(node.bootNowMs));
  assert.is(node.give(beacon.tick(60), honest), 'admitted');
});

ladder('lowers the age by what asOf gained, however late a tick comes', () => {
  // Somebody cuts the link, keeps the tick, and delivers it when its worth has gone.
  const node = settled().wait(25_000);
  const before = node.standing.ageMs ?? 0;
  node.take(beacon.tick(3));
  assert.is(node.belief.asOf, NOW + 3_000, 'its own date, and not that of its coming');
  assert.is(node.standing.ageMs, before - 3_000);
});

ladder('is not made younger by a clock that was set back', () => {
  const node = settled().wait(9_000);
  node.wallMs -= 9_000;
  assert.is(node.standing.ageMs, 9_000);
  assert.is(node.give(beacon.tick(2)), 'admitted');
  assert.is(node.standing.ageMs, 7_000);
});

ladder.run();
