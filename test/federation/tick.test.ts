/** Ticks and stops: 43 bytes, a chain bound to its beacon, and a secret (PROTOCOL §3.1 to §3.4). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromHex, toUtf8, Writer } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { unixMs } from '../../core/time.ts';
import { readBeacon } from '../../federation/beacon.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import {
  buildChain,
  type ChainBody,
  chainCommitment,
  decodeTick,
  encodeTick,
  isTickOf,
  STOP_INDEX,
  stopCommitment,
  TICK_BYTES,
  tickBefore,
  tickTime,
  verifyStop,
  verifyTick,
} from '../../federation/tick.ts';
import { refuses } from '../refused.ts';
import { forgeBeacon, NOW } from './forge.ts';

const ticks = suite('federation/tick');

const forged = forgeBeacon();
const beacon = readBeacon(decodeEnvelope(forged.bytes));
const commitment = chainCommitment(beacon);

ticks('are 43 bytes: the tag of the beacon, an index, a value', () => {
  assert.is(TICK_BYTES, 43);
  const tick = decodeTick(forged.tick(7));
  assert.is(tick.index, 7);
  assert.is(tick.tag, forged.digest.slice(0, 16));
  assert.equal(encodeTick(forged.digest, tick.index, tick.value), forged.tick(7));
  assert.ok(isTickOf(tick, forged.digest));
  assert.not.ok(isTickOf(tick, forgeBeacon({ epoch: 2 }).digest));
});

ticks('of any other length are refused', () => {
  refuses('truncated', () => decodeTick(forged.tick(7).subarray(1)));
  refuses('truncated', () => decodeTick(new Uint8Array()));
  refuses('trailing-bytes', () => decodeTick(concat(forged.tick(7), Uint8Array.of(0))));
});

ticks('commit to their beacon by the bytes of the protocol', () => {
  const preimage = new Writer()
    .raw(toUtf8('holdfast/chain/v1'))
    .raw(sha256(toUtf8('blue.example')))
    .u32(1)
    .u64(0n)
    .u8(0)
    .u64(1n)
    .u64(BigInt(NOW))
    .u32(1_000)
    .u32(60)
    .raw(fromHex(beacon.manifestDigest))
    .raw(new Uint8Array(32))
    .finish();
  assert.equal(commitment, sha256(preimage));
});

ticks('step back by one hash over label, commitment, index and value', () => {
  const value = sha256(toUtf8('value'));
  const preimage = concat(toUtf8('holdfast/tick/v1'), commitment, Uint8Array.of(0, 0, 0, 9), value);
  assert.equal(tickBefore(commitment, 9, value), sha256(preimage));
  const chain = buildChain(commitment, value, 9);
  assert.is(chain.length, 10);
  assert.equal(chain[9], value);
  assert.equal(chain[8], tickBefore(commitment, 9, value));
});

ticks('verify against any earlier step, and against nothing else', () => {
  const at = (index: number) => decodeTick(forged.tick(index));
  verifyTick(commitment, at(60), at(0));
  verifyTick(commitment, at(2), at(1));
  refuses('tick-wrong', () => verifyTick(commitment, { ...at(5), index: 6 }, at(0)));
  refuses('tick-wrong', () => verifyTick(commitment, at(5), { ...at(1), index: 2 }));
  refuses('tick-wrong', () => verifyTick(sha256(commitment), at(5), at(0)));
});

ticks('of one body are none of another with the same seed', () => {
  const changes: readonly Partial<ChainBody>[] = [
    { domain: 'red.example' },
    { rootVersion: 2n },
    { lineage: 1n },
    { rank: 1 },
    { epoch: 2n },
    { issuedAt: unixMs(NOW + 1) },
    { periodMs: 1_001 },
    { count: 61 },
    { manifestDigest: beacon.digest },
    { previous: beacon.digest },
  ];
  for (const change of changes) {
    assert.not.equal(chainCommitment({ ...beacon, ...change }), commitment);
  }
});

ticks('are dated by their index', () => {
  assert.is(tickTime(beacon, 0), NOW);
  assert.is(tickTime(beacon, 60), NOW + 60_000);
});

ticks('that stop a beacon reveal its secret under the last index', () => {
  const stop = decodeTick(forged.stop);
  assert.is(stop.index, STOP_INDEX);
  assert.is(STOP_INDEX, 2 ** 24 - 1);
  verifyStop(commitment, beacon, stop.value);
  const label = toUtf8('holdfast/stop/v1');
  assert.equal(stopCommitment(commitment, stop.value), sha256(label, commitment, stop.value));
  refuses('tick-wrong', () => verifyStop(commitment, beacon, decodeTick(forged.tick(1)).value));
});

ticks.run();
