/** Beacons as read, the rules that Root puts to them, and their order (PROTOCOL §2.2, §5.3). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Json } from '../../core/canonical.ts';
import { CHAIN_MS_MAX, TICK_COUNT_MAX } from '../../core/limits.ts';
import { unixMs } from '../../core/time.ts';
import { comparePlaces, highestEpoch, readBeacon } from '../../federation/beacon.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { refuses } from '../refused.ts';
import { type BeaconPlan, DOMAIN, forgeBeacon, NOW } from './forge.ts';

const beacons = suite('federation/beacon');

const read = (plan: BeaconPlan) => readBeacon(decodeEnvelope(forgeBeacon(plan).bytes));
const refusesMember = (name: string, ...values: readonly Json[]): void => {
  for (const value of values) {
    refuses('document-malformed', () => read({ members: { [name]: value } }), `${name} ${value}`);
  }
};
const ANCHOR = 'A'.repeat(43);

beacons('read every member', () => {
  const beacon = read({ epoch: 7, rank: 1, lineage: 3, root: 2 });
  assert.is(beacon.domain, DOMAIN);
  assert.is(beacon.epoch, 7n);
  assert.is(beacon.rank, 1);
  assert.is(beacon.lineage, 3n);
  assert.is(beacon.rootVersion, 2n);
  assert.is(beacon.issuedAt, NOW);
  assert.is(beacon.anchor.length, 32);
  assert.is(beacon.previous, null);
});

beacons('refuse members out of range', () => {
  refusesMember('rank', -1, 256, '0');
  refusesMember('epoch', '01', 1, '18446744073709551616');
  refusesMember('issuedAt', '-1', NOW, '253402300800000');
  refusesMember('manifest', {}, null, { version: '1', digest: null });
  refusesMember('stop', 'AA', null);
  refusesMember('previous', '', 'x');
  refusesMember('limits', null, { freshForMs: -1 });
  assert.is(read({ members: { rank: 15 } }).rank, 15);
});

beacons('hold epochs beyond 2^53 exactly', () => {
  const epoch = '9007199254740993';
  assert.is(String(read({ members: { epoch } }).epoch), epoch);
});

beacons('have a period of a second to an hour, and a chain that ends', () => {
  const chain = (periodMs: number, count: number) => (): unknown =>
    read({ members: { tick: { anchor: ANCHOR, periodMs, count } } });
  chain(1_000, TICK_COUNT_MAX)();
  chain(3_600_000, 24)();
  for (const [periodMs, count] of [
    [999, 1],
    [3_600_001, 1],
    [1_000, 0],
    [1_000, TICK_COUNT_MAX + 1],
  ] as const) {
    refuses('document-malformed', chain(periodMs, count), `${periodMs} ${count}`);
  }
  assert.is(CHAIN_MS_MAX, 24 * 3_600_000);
  refuses('beacon-chain', chain(3_600_000, 25));
});

beacons('may bear the highest number that their date allows, and no higher one', () => {
  const start = unixMs(NOW);
  assert.is(highestEpoch(start, start, 100), 1n);
  assert.is(highestEpoch(unixMs(NOW + 99), start, 100), 1n);
  assert.is(highestEpoch(unixMs(NOW + 100), start, 100), 2n);
  assert.is(highestEpoch(unixMs(NOW - 5_000), start, 100), 1n);
});

beacons('order by lineage, then rank, then epoch', () => {
  const place = (lineage: bigint, rank: number, epoch: bigint) => ({ lineage, rank, epoch });
  const ordered = [
    place(0n, 0, 1n),
    place(0n, 0, 2n),
    place(0n, 1, 1n),
    place(1n, 0, 1n),
    place(1n, 0, 9_007_199_254_740_993n),
  ];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) {
      assert.is(Math.sign(comparePlaces(a, b)), Math.sign(i - j));
    }
  }
});

beacons.run();
