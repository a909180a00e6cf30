/** A node that was away for months, and the one file that brings it back (PROTOCOL §6.5, §6.8). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { DAY_MS } from '../../core/time.ts';
import { decodeBlocks } from '../../federation/armour.ts';
import { encodeBundleFile } from '../../federation/bundle-file.ts';
import { signerOf } from '../fakes/coalition.ts';
import { Climber, settled } from './climber.ts';
import { forgeBeacon, forgeContents, forgeRoot, KEYS, NOW } from './forge.ts';

const catching = suite('federation/catch-up');

const AWAY_MS = 182 * DAY_MS;
const ROOTS = 12;
const EPOCH = 50_000;

/** Root 2 calls the key in force compromised; ten more follow; 50,000 epochs went by. */
function halfAYearOn(): string {
  const later = NOW + AWAY_MS;
  const contents = forgeContents(EPOCH);
  const [stolen, standby] = KEYS.beacon;
  const next = signerOf('blue/beacon-2');
  const plan = { beacon: [standby, next], ranks: [1, 2], compromised: [stolen] };
  const writer = settled();
  writer.wait(AWAY_MS);
  for (let version = 2; version <= ROOTS; version++) {
    writer.take(forgeRoot({ version, issuedAt: NOW + version * DAY_MS, ...plan }));
  }
  const beacon = forgeBeacon({
    ...{ root: ROOTS, rank: 1, epoch: EPOCH, issuedAt: later, signer: standby },
    manifest: contents.manifest,
  });
  writer.take(beacon.bytes, contents.manifest, contents.bundle);
  return encodeBundleFile(writer.belief);
}

catching('up with 12 Roots, 50,000 epochs and a compromised key takes one file', () => {
  const file = halfAYearOn();
  const reader = settled();
  reader.wait(AWAY_MS);
  assert.is(reader.standing.tier, 'EXPIRED');
  for (const { bytes } of decodeBlocks(toUtf8(file))) reader.give(bytes);
  assert.is(reader.belief.roots.length, ROOTS);
  assert.is(reader.belief.beacon?.beacon.epoch, BigInt(EPOCH));
  assert.is(reader.standing.tier, 'FRESH');
  const stale = forgeBeacon({ epoch: EPOCH + 1, issuedAt: NOW + AWAY_MS }).bytes;
  assert.is.not(reader.give(stale), 'admitted', 'the stolen key says no more');
});

catching('up from nothing but the first Root takes the same file', () => {
  const reader = new Climber();
  reader.wait(AWAY_MS);
  for (const { bytes } of decodeBlocks(toUtf8(halfAYearOn()))) {
    assert.is(reader.give(bytes), 'admitted');
  }
  assert.is(reader.standing.tier, 'FRESH');
});

catching.run();
