/** The ladder for beacons, rung by rung, climbed by honest authorities and by thieves. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import { rankInForce } from '../../federation/belief.ts';
import { documentTier } from '../../federation/standing.ts';
import { Climber, settled } from './climber.ts';
import { CONTENTS, FOUNDED, forgeBeacon, forgeContents, forgeRoot, KEYS, NOW } from './forge.ts';

const ladder = suite('federation/admit-beacon');

const first = forgeBeacon();
const second = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, previous: first.digest });

ladder('admits the first beacon under the Root held', () => {
  const node = new Climber().take(forgeRoot(), first.bytes);
  assert.is(node.belief.beacon?.beacon.epoch, 1n);
  assert.is(node.standing.tier, 'FRESH');
  assert.ok(node.last?.forward);
});

ladder('refuses a beacon without a Root', () => {
  assert.is(new Climber().give(first.bytes), 'root-unknown');
});

ladder('refuses the beacon held as held, whatever its signatures are', () => {
  const node = settled();
  assert.is(node.give(first.bytes), 'document-held');
  const garbled = first.bytes.slice();
  garbled[60] = (garbled[60] ?? 0) ^ 1;
  assert.is(node.give(garbled), 'document-held');
  assert.equal(node.belief.disowned.size, 0);
});

ladder('takes no second statement from the same payload signed anew', () => {
  const node = settled();
  const again = forgeBeacon().bytes;
  assert.not.equal(again, first.bytes); // ML-DSA is hedged: other bytes, the same payload
  assert.is(node.give(again), 'document-held');
});

ladder('refuses an epoch below the one held', () => {
  const node = settled().wait(1_000).take(second.bytes);
  assert.is(node.give(first.bytes), 'epoch-rolled-back');
  assert.is(node.belief.beacon?.beacon.epoch, 2n);
});

ladder('lets the absent skip any number of epochs', () => {
  const node = settled();
  assert.is(node.give(forgeBeacon({ epoch: 500_000 }).bytes), 'admitted');
});

ladder('refuses an epoch numbered ahead of time, and takes the highest that is not', () => {
  const highest = 1 + (NOW - FOUNDED) / 100;
  assert.is(settled().give(forgeBeacon({ epoch: highest + 1 }).bytes), 'epoch-ahead');
  assert.is(settled().give(forgeBeacon({ epoch: highest }).bytes), 'admitted');
});

ladder('refuses a beacon under a Root that is not held yet', () => {
  assert.is(settled().give(forgeBeacon({ epoch: 2, root: 2 }).bytes), 'beacon-root');
  assert.is(settled().give(forgeBeacon({ epoch: 2, lineage: 1 }).bytes), 'beacon-root');
});

ladder('refuses a wrong key, and a leg that does not verify', () => {
  const node = settled();
  assert.is(node.give(forgeBeacon({ epoch: 2, signer: KEYS.documents }).bytes), 'signer-unknown');
  const at = { classical: 4 + 1 + 6 + 1 + 32, postQuantum: 4 + 1 + 6 + 1 + 32 + 64 };
  for (const leg of Object.values(at)) {
    const bent = second.bytes.slice();
    bent[leg + 8] = (bent[leg + 8] ?? 0) ^ 1;
    assert.is(node.give(bent), 'signature-invalid');
  }
  assert.is(node.belief.beacon?.beacon.epoch, 1n);
});

ladder('refuses a rank that Root does not list, or that is not in force', () => {
  assert.is(settled().give(forgeBeacon({ epoch: 2, rank: 2 }).bytes), 'beacon-key');
  assert.is(settled().give(forgeBeacon({ epoch: 2, rank: 1 }).bytes), 'beacon-rank');
});

ladder('refuses limits above the ceilings of Root, and takes the ceilings', () => {
  const ceilings = { freshForMs: DAY_MS, degradedForMs: 2 * DAY_MS, survivalForMs: 30 * DAY_MS };
  const limited = (limits: object): Uint8Array =>
    forgeBeacon({ epoch: 2, members: { limits: { ...ceilings, ...limits } } }).bytes;
  assert.is(settled().give(limited({})), 'admitted');
  assert.is(settled().give(limited({ freshForMs: DAY_MS + 1 })), 'beacon-limits');
  assert.is(settled().give(limited({ degradedForMs: 2 * DAY_MS + 1 })), 'beacon-limits');
  assert.is(settled().give(limited({ freshForMs: 3_000 })), 'admitted');
  assert.is(settled().give(limited({ freshForMs: 2_999 })), 'beacon-limits');
});

ladder('refuses a chain that would outlive what Root allows', () => {
  const chain = (count: number): Uint8Array =>
    forgeBeacon({ epoch: 2, count, members: { limits: { freshForMs: 3_000 } } }).bytes;
  assert.is(settled().give(chain(HOUR_MS / 1_000)), 'admitted');
  assert.is(settled().give(chain(HOUR_MS / 1_000 + 1)), 'beacon-chain');
});

ladder('refuses a beacon dated at the end of its key, and takes one a moment before', () => {
  const root = forgeRoot({ until: NOW + 1 });
  assert.is(new Climber(root).take(root).give(forgeBeacon().bytes), 'admitted');
  const late = forgeBeacon({ issuedAt: NOW + 1 }).bytes;
  assert.is(new Climber(root).take(root).give(late), 'beacon-key-ended');
});

ladder('disowns a key that signed two beacons under one number, and falls back behind it', () => {
  const node = settled().wait(1_000).take(second.bytes).wait(1_000);
  const before = node.standing.ageMs ?? 0;
  const rival = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, seed: 'rival' });
  assert.is(node.give(rival.bytes), 'epoch-repeated');
  assert.is(node.belief.asOf, NOW);
  assert.is(node.belief.beacon?.beacon.digest, second.digest);
  assert.is(node.standing.ageMs, before + 1_000);
  assert.is(rankInForce(node.belief), 1);
  assert.ok(node.last?.notes.some((note) => note.kind === 'alarm'));
  assert.is(node.give(second.tick(1)), 'key-revoked');
  assert.is(node.give(forgeBeacon({ epoch: 3 }).bytes), 'key-revoked');
});

ladder('goes on with the next rank after an equivocation, and is quarantined without one', () => {
  const node = settled().wait(1_000).take(second.bytes);
  node.give(forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, seed: 'rival' }).bytes);
  const third = { epoch: 1, rank: 1, issuedAt: NOW + 1_000 };
  assert.is(node.give(forgeBeacon(third).bytes), 'admitted');
  assert.is(node.standing.tier, 'FRESH');
  assert.is(node.give(forgeBeacon({ ...third, seed: 'rival' }).bytes), 'epoch-repeated');
  assert.is(rankInForce(node.belief), null);
  assert.is(node.standing.tier, 'QUARANTINED');
  // Ranks are not used again within a lineage, so the way out is a Root that raises it.
  const root = forgeRoot({ version: 2, lineage: 1, beacon: [KEYS.node] });
  node.take(root, forgeBeacon({ root: 2, lineage: 1, signer: KEYS.node }).bytes);
  assert.is(node.standing.tier, 'FRESH');
});

ladder('is fresh again by the next rank even where nothing came before the disputed number', () => {
  const node = settled().wait(15_000);
  assert.is(node.give(forgeBeacon({ seed: 'rival' }).bytes), 'epoch-repeated');
  assert.is(node.belief.asOf, null);
  assert.is(node.standing.tier, 'EXPIRED');
  node.wait(60_000);
  const next = forgeBeacon({ rank: 1, issuedAt: node.wallMs });
  assert.is(node.give(next.bytes), 'admitted');
  assert.is(node.standing.ageMs, 0);
  assert.is(node.standing.tier, 'FRESH');
});

ladder('refreshes by a new beacon nothing that only a disputed one had pinned', () => {
  const node = settled();
  node.give(forgeBeacon({ seed: 'rival' }).bytes);
  const { manifest } = forgeContents(2);
  node.take(forgeBeacon({ rank: 1, issuedAt: NOW, manifest }).bytes);
  assert.is(node.standing.tier, 'FRESH');
  for (const held of node.belief.documents.values()) {
    assert.is(documentTier(held, node.standing), 'EXPIRED');
  }
});

ladder('ranks a rotated key above the one before it, and takes no number of it for a proof', () => {
  // A thief of the retired key answers the new key's beacon with one of the same number.
  const fresh = KEYS.node;
  const root = forgeRoot({
    version: 2,
    issuedAt: NOW,
    beacon: [fresh, KEYS.beacon[1]],
    ranks: [2, 3],
    retired: [KEYS.beacon[0]],
  });
  const node = settled().take(root);
  node.take(forgeBeacon({ root: 2, rank: 2, epoch: 5, signer: fresh }).bytes);
  const stolen = forgeBeacon({ root: 1, epoch: 5, issuedAt: NOW - 1, signer: KEYS.beacon[0] });
  assert.is(node.give(stolen.bytes), 'epoch-rolled-back');
  assert.is(node.belief.disowned.size, 0);
});

ladder('freezes what the beacon no longer pins, and keeps fresh what it still does', () => {
  const node = settled().wait(1_000).take(second.bytes);
  for (const held of node.belief.documents.values()) assert.is(held.frozenAsOf, null);
  const other = forgeContents(2);
  node.wait(1_000);
  node.take(forgeBeacon({ epoch: 3, issuedAt: NOW + 2_000, manifest: other.manifest }).bytes);
  for (const held of node.belief.documents.values()) assert.is(held.frozenAsOf, NOW + 1_000);
  assert.is(CONTENTS.manifest.length > 0, true);
});

ladder.run();
