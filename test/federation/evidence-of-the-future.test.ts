/** Evidence dated in our future grants nothing, and makes our clock doubtful (PROTOCOL §4.3). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Climber, settled } from './climber.ts';
import { forgeBeacon, forgeRoot, KEYS, NOW } from './forge.ts';

const future = suite('federation/evidence-of-the-future');

const LEAD_MS = 2_000;

future('is believed up to the lead that Root allows, and held beyond', () => {
  const near = forgeBeacon({ epoch: 2, issuedAt: NOW + LEAD_MS });
  assert.is(settled().give(near.bytes), 'admitted');
  const far = forgeBeacon({ epoch: 2, issuedAt: NOW + LEAD_MS + 1 });
  const node = settled();
  assert.is(node.give(far.bytes), 'evidence-held');
  assert.is(node.belief.beacon?.beacon.epoch, 1n);
  assert.is(node.belief.asOf, NOW);
});

future('caps the domain at SURVIVAL while it is held, and raises no bound', () => {
  const node = settled();
  const before = node.belief.keeping;
  assert.is(node.standing.tier, 'FRESH');
  node.give(forgeBeacon({ epoch: 2, issuedAt: NOW + 60_000 }).bytes);
  assert.is(node.standing.tier, 'SURVIVAL');
  assert.ok(node.standing.timeUnknown);
  assert.equal(node.belief.keeping, before);
  assert.ok(node.last?.notes.some((note) => note.kind === 'alarm'));
});

future('does not keep a node younger: it ages to EXPIRED all the same', () => {
  const node = settled();
  node.give(forgeBeacon({ epoch: 2, issuedAt: NOW + 90_000 }).bytes);
  assert.is(node.wait(29_999).standing.tier, 'SURVIVAL');
  assert.is(node.wait(1).standing.tier, 'EXPIRED');
});

future('is kept once, without a second alarm', () => {
  const node = settled();
  const far = forgeBeacon({ epoch: 2, issuedAt: NOW + 60_000 });
  assert.is(node.give(far.bytes), 'evidence-held');
  assert.is(node.give(far.bytes), 'document-held');
  assert.is(node.give(forgeBeacon({ epoch: 2, issuedAt: NOW + 60_000 }).bytes), 'evidence-held');
  assert.equal(node.last?.notes, []);
});

future('is not set aside by an older beacon that a relay had kept', () => {
  // The relay set our clock back, so the true beacon is held; then it plays one from before.
  const node = settled();
  node.give(forgeBeacon({ epoch: 9, issuedAt: NOW + 60_000 }).bytes);
  assert.is(node.give(forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 }).bytes), 'admitted');
  assert.ok(node.standing.timeUnknown);
  assert.is(node.standing.tier, 'SURVIVAL');
});

future('is set aside by a higher number with a date that can be believed', () => {
  // The authority's clock was fast, and somebody mended it.
  const node = settled();
  node.give(forgeBeacon({ epoch: 2, issuedAt: NOW + 60_000 }).bytes);
  assert.is(node.give(forgeBeacon({ epoch: 3, issuedAt: NOW + 1_000 }).bytes), 'admitted');
  assert.not.ok(node.standing.timeUnknown);
});

future('of a higher number takes the place of what was held', () => {
  for (const order of [
    [2, 3],
    [3, 2],
  ]) {
    const node = settled();
    for (const epoch of order) {
      node.give(forgeBeacon({ epoch, issuedAt: NOW + 60_000 - epoch }).bytes);
    }
    assert.is(node.belief.future?.issuedAt, NOW + 60_000 - 3);
  }
});

future('does not outlive the key that signed it', () => {
  const held = forgeBeacon({ epoch: 9, issuedAt: NOW + 60_000 });
  const disowned = settled();
  disowned.give(held.bytes);
  disowned.give(forgeBeacon({ seed: 'rival' }).bytes);
  disowned.take(forgeBeacon({ rank: 1 }).bytes);
  assert.not.ok(disowned.standing.timeUnknown);
  const compromised = new Climber().take(forgeRoot());
  compromised.give(held.bytes);
  const fresh = KEYS.node;
  const beacon = [fresh, KEYS.beacon[1]];
  const root = { beacon, ranks: [2, 3], compromised: [KEYS.beacon[0]] };
  compromised.take(
    forgeRoot({ version: 2, ...root }),
    forgeBeacon({ root: 2, rank: 2, signer: fresh }).bytes,
  );
  assert.is(compromised.standing.tier, 'FRESH');
});

future.run();
