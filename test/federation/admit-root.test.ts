/** The ladder for Roots: rotations, thresholds, forks, and what a Root takes away. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rankInForce } from '../../federation/belief.ts';
import { signerOf } from '../fakes/coalition.ts';
import { Climber, settled } from './climber.ts';
import {
  CONTENTS,
  FOUNDED,
  forgeBeacon,
  forgeContents,
  forgeRoot,
  KEYS,
  NOW,
  STRANGER,
} from './forge.ts';

const ladder = suite('federation/admit-root');

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => signerOf(`council/${name}`)) as [
  typeof STRANGER,
  typeof STRANGER,
  typeof STRANGER,
  typeof STRANGER,
];
const council = { root: [a, b, c], threshold: 2 };

ladder('admits the Root that the relation is pinned to, and no other first one', () => {
  const root = forgeRoot();
  assert.is(new Climber(root).give(root), 'admitted');
  assert.is(new Climber(root).give(forgeRoot({ issuedAt: FOUNDED + 1 })), 'root-conflict');
});

ladder('refuses a first Root that its own threshold did not sign', () => {
  const unsigned = forgeRoot({ ...council, signers: [a] });
  assert.is(new Climber(unsigned).give(unsigned), 'threshold-unmet');
  const signed = forgeRoot({ ...council, signers: [a, b] });
  assert.is(new Climber(signed).give(signed), 'admitted');
});

ladder('refuses a first Root of a later version', () => {
  const root = forgeRoot({ version: 2 });
  assert.is(new Climber(root).give(root), 'root-step');
});

ladder('refuses an unknown signer beside a threshold that is met', () => {
  const root = forgeRoot({ ...council, signers: [a, b, STRANGER] });
  assert.is(new Climber(root).give(root), 'signer-unknown');
  const one = forgeRoot({ signers: [KEYS.root, STRANGER] });
  assert.is(new Climber(one).give(one), 'signer-unknown');
});

ladder('takes the next version only, step by step', () => {
  const node = settled();
  assert.is(node.give(forgeRoot({ version: 3 })), 'root-step');
  node.take(forgeRoot({ version: 2 }), forgeRoot({ version: 3 }));
  assert.is(node.belief.roots.length, 3);
});

ladder('climbs twelve rotations of every key, one by one', () => {
  const node = new Climber().take(forgeRoot());
  let old = KEYS.root;
  for (let version = 2; version <= 12; version++) {
    const next = signerOf(`rotated/${version}`);
    node.take(forgeRoot({ version, root: [next], signers: [old, next] }));
    old = next;
  }
  assert.is(node.belief.roots.length, 12);
});

ladder('demands the thresholds of the old Root and of the new one', () => {
  const first = forgeRoot({ ...council, signers: [a, b] });
  const cases = [
    { plan: { ...council, signers: [a, c] }, outcome: 'admitted' },
    { plan: { root: [a, b, d], threshold: 2, signers: [a, b] }, outcome: 'admitted' },
    { plan: { root: [a, b, d], threshold: 2, signers: [a, c, d] }, outcome: 'admitted' },
    { plan: { root: [d], threshold: 1, signers: [d] }, outcome: 'threshold-unmet' },
    { plan: { root: [d], threshold: 1, signers: [a, b] }, outcome: 'threshold-unmet' },
    { plan: { root: [d], threshold: 1, signers: [a, d] }, outcome: 'threshold-unmet' },
    { plan: { root: [d], threshold: 1, signers: [a, b, d] }, outcome: 'admitted' },
    { plan: { ...council, threshold: 3, signers: [a, b] }, outcome: 'threshold-unmet' },
    { plan: { ...council, threshold: 3, signers: [a, b, c] }, outcome: 'admitted' },
    { plan: { ...council, threshold: 1, signers: [a] }, outcome: 'threshold-unmet' },
    { plan: { ...council, threshold: 1, signers: [a, b] }, outcome: 'admitted' },
    { plan: { ...council, signers: [a, b, STRANGER] }, outcome: 'signer-unknown' },
  ];
  for (const { plan, outcome } of cases) {
    const node = new Climber(first).take(first);
    assert.is(node.give(forgeRoot({ version: 2, ...plan })), outcome, JSON.stringify(outcome));
  }
});

ladder('refuses a threshold above the keys there are', () => {
  const root = forgeRoot({ ...council, threshold: 4, signers: [a, b, c] });
  assert.is(new Climber(root).give(root), 'document-malformed');
});

ladder('refuses the Root held, one below it, and a lineage or a date that falls', () => {
  const node = settled();
  const second = forgeRoot({ version: 2, lineage: 1, issuedAt: NOW });
  node.take(second);
  assert.is(node.give(second), 'document-held');
  assert.is(node.give(forgeRoot()), 'document-held');
  assert.is(node.give(forgeRoot({ version: 0 })), 'document-malformed');
  assert.is(node.give(forgeRoot({ version: 3, issuedAt: NOW })), 'root-rolled-back');
  const early = forgeRoot({ version: 3, lineage: 1, issuedAt: NOW - 1 });
  assert.is(node.give(early), 'root-rolled-back');
});

ladder('lets ours stand where another Root bears a number we hold', () => {
  const node = settled().take(forgeRoot({ version: 2 }));
  assert.is(node.give(forgeRoot({ version: 2, issuedAt: NOW })), 'root-conflict');
  assert.is(node.belief.roots.length, 2);
  assert.is(node.standing.tier, 'FRESH');
});

ladder('holds no Root for being dated ahead', () => {
  assert.is(settled().give(forgeRoot({ version: 2, issuedAt: NOW + 900_000 })), 'admitted');
});

ladder('lowers the tier of nothing whose key it does not call compromised', () => {
  const node = settled();
  const root = forgeRoot({
    version: 2,
    issuedAt: NOW + 1,
    beacon: [KEYS.node, KEYS.beacon[1]],
    ranks: [2, 3],
    retired: [KEYS.beacon[0]],
  });
  node.take(root);
  assert.is(node.standing.tier, 'FRESH');
  assert.is(node.belief.documents.size, 2);
});

ladder('lets a retired key count for what it dated before that Root, and not after', () => {
  const root = forgeRoot({
    version: 2,
    issuedAt: NOW + 1_000,
    beacon: [KEYS.node, KEYS.beacon[1]],
    ranks: [2, 3],
    retired: [KEYS.beacon[0]],
  });
  const dated = (issuedAt: number) =>
    forgeBeacon({ epoch: 2, issuedAt, signer: KEYS.beacon[0] }).bytes;
  assert.is(
    settled()
      .take(root)
      .give(dated(NOW + 999)),
    'admitted',
  );
  assert.is(
    settled()
      .take(root)
      .give(dated(NOW + 1_000)),
    'beacon-key-replaced',
  );
  const successor = forgeBeacon({
    ...{ root: 2, rank: 2, epoch: 2, issuedAt: NOW + 1_000, signer: KEYS.node },
  });
  assert.is(settled().take(root).give(successor.bytes), 'admitted');
});

ladder('lets a retired key wait for what disowns the ranks below it, as any other', () => {
  // Rank 0 was revoked, rank 1 spoke, and was retired: its rank is still above that of rank 0.
  const beacon = [KEYS.beacon[0], KEYS.node];
  const rotated = { version: 2, issuedAt: NOW + 1_000, beacon, retired: [KEYS.beacon[1]] };
  const root = forgeRoot({ ...rotated, ranks: [0, 2] });
  const retired = forgeBeacon({ rank: 1, epoch: 9 });
  const node = settled().take(root);
  assert.is(node.give(retired.bytes), 'beacon-rank');
  // Who never hears of the revocation goes on with the lowest rank there is.
  assert.is(node.give(forgeBeacon({ epoch: 2, issuedAt: NOW + 500 }).bytes), 'admitted');
  assert.is(node.give(forgeBeacon({ epoch: 2, seed: 'rival' }).bytes), 'epoch-repeated');
  assert.is(node.give(retired.bytes), 'admitted');
});

ladder('refuses what a retired key signed that a proof had revoked', () => {
  const node = settled();
  assert.is(node.give(forgeBeacon({ seed: 'rival' }).bytes), 'epoch-repeated');
  node.take(
    forgeRoot({
      version: 2,
      issuedAt: NOW + 1_000,
      beacon: [KEYS.node, KEYS.beacon[1]],
      ranks: [2, 3],
      retired: [KEYS.beacon[0]],
    }),
  );
  assert.is(node.give(forgeBeacon({ epoch: 2 }).bytes), 'key-revoked');
  assert.is(rankInForce(node.belief), 2);
});

ladder(
  'takes from belief what a compromised beacon key signed, and its successor restores it',
  () => {
    const node = settled().wait(8_000);
    const fresh = KEYS.node;
    const root = forgeRoot({
      version: 2,
      beacon: [fresh, KEYS.beacon[1]],
      ranks: [2, 3],
      compromised: [KEYS.beacon[0]],
    });
    node.take(root);
    assert.is(node.belief.beacon, null);
    assert.is(node.standing.tier, 'EXPIRED');
    assert.is(node.give(forgeBeacon({ epoch: 2 }).bytes), 'beacon-key-replaced');
    node.wait(60_000).restart().wait(20_000);
    const next = { root: 2, rank: 2, epoch: 2, issuedAt: node.wallMs, signer: fresh };
    node.take(forgeBeacon(next).bytes);
    assert.is(node.standing.tier, 'FRESH');
    // Stored and read again in between, the ledger counts no time twice.
    assert.is(node.standing.ageMs, 0);
    assert.is(node.belief.documents.size, 2);
  },
);

ladder('takes from belief what a compromised documents key signed, and no mark', () => {
  const second = forgeBeacon({ epoch: 2 });
  const node = settled().take(second.bytes, second.stop);
  const root = forgeRoot({ version: 2, documents: KEYS.node, compromised: [KEYS.documents] });
  node.take(root);
  assert.is(node.belief.manifest, null);
  assert.is(node.belief.documents.size, 0);
  assert.is(node.belief.beacon?.beacon.epoch, 2n);
  assert.is.not(node.belief.stop, null);
  assert.is(node.give(forgeBeacon().bytes), 'epoch-rolled-back');
  assert.is(node.give(CONTENTS.manifest), 'key-revoked');
  assert.is(node.restart().belief.documents.size, 0);
});

ladder('raises the lineage, and only so do marks and bound fall, through a restart too', () => {
  const second = forgeContents(2);
  const node = settled().take(forgeBeacon({ epoch: 700, manifest: second.manifest }).bytes);
  node.take(second.manifest, second.bundle).wait(1_000);
  node.take(forgeRoot({ version: 2 }));
  assert.is(node.give(forgeBeacon({ root: 2, epoch: 699 }).bytes), 'epoch-rolled-back');
  node.take(forgeRoot({ version: 3, lineage: 1, issuedAt: NOW }));
  assert.is(node.belief.keeping, null);
  node.restart();
  assert.is(node.give(forgeBeacon({ root: 2, epoch: 701 }).bytes), 'epoch-rolled-back');
  const again = forgeBeacon({ root: 3, lineage: 1, issuedAt: NOW + 1_000 });
  node.take(again.bytes, CONTENTS.manifest, CONTENTS.bundle, CONTENTS.entries);
  assert.is(node.standing.tier, 'FRESH');
  assert.is(node.give(forgeBeacon({ epoch: 701 }).bytes), 'epoch-rolled-back');
});

ladder('keeps proofs against keys through a new lineage', () => {
  const node = settled();
  node.give(forgeBeacon({ seed: 'rival' }).bytes);
  node.take(forgeRoot({ version: 2, lineage: 1 }));
  assert.is(rankInForce(node.belief), 1);
  assert.is(node.give(forgeBeacon({ root: 2, lineage: 1 }).bytes), 'key-revoked');
});

ladder('numbers a lineage from the date of the Root that began it', () => {
  const node = settled().take(forgeRoot({ version: 2, lineage: 1, issuedAt: NOW }));
  const epoch = (number: number, issuedAt: number): Uint8Array =>
    forgeBeacon({ root: 2, lineage: 1, epoch: number, issuedAt }).bytes;
  assert.is(node.give(epoch(3, NOW + 100)), 'epoch-ahead');
  assert.is(node.give(epoch(2, NOW + 100)), 'admitted');
});

ladder('refuses a Root that gives a rank away twice, or one below those there were', () => {
  const give = (beacon: readonly (typeof STRANGER)[], ranks: readonly number[], lineage = 0) =>
    settled().give(forgeRoot({ version: 2, issuedAt: NOW, lineage, beacon, ranks }));
  assert.is(give([KEYS.node, KEYS.beacon[1]], [0, 1]), 'root-rank-reused');
  assert.is(give([KEYS.beacon[1]], [0]), 'root-rank-reused');
  assert.is(give([KEYS.beacon[1], KEYS.node], [1, 2]), 'admitted');
  assert.is(give([KEYS.beacon[0], KEYS.beacon[1], KEYS.node], [0, 1, 2]), 'admitted');
  assert.is(give([KEYS.beacon[1], KEYS.beacon[0]], [2, 3]), 'admitted');
  assert.is(give([KEYS.node], [0], 1), 'admitted');
  // A rank that was dropped does not come back, nor does one between those there were.
  const dropped = forgeRoot({ version: 2, beacon: [KEYS.node], ranks: [5] });
  const back = { version: 3, beacon: [KEYS.beacon[0], KEYS.node], ranks: [0, 5] };
  assert.is(settled().take(dropped).give(forgeRoot(back)), 'root-rank-reused');
  assert.is(
    settled()
      .take(dropped)
      .give(forgeRoot({ ...back, ranks: [4, 5] })),
    'root-rank-reused',
  );
});

ladder('keeps a rank its number where a lower one is dropped, and what it said fresh', () => {
  const node = settled();
  node.give(forgeBeacon({ seed: 'rival' }).bytes);
  node.take(forgeBeacon({ rank: 1, issuedAt: NOW + 1_000 }).bytes);
  const root = { version: 2, issuedAt: NOW + 1_000, compromised: [KEYS.beacon[0]] };
  node.take(forgeRoot({ ...root, beacon: [KEYS.beacon[1], KEYS.node], ranks: [1, 2] }));
  assert.is(rankInForce(node.belief), 1);
  assert.is(node.standing.tier, 'FRESH');
  node.take(forgeBeacon({ root: 2, rank: 1, epoch: 20, issuedAt: NOW + 1_900 }).bytes);
  assert.is(node.restart().standing.tier, 'FRESH');
});

ladder('refuses a Root that gives a role to a key once called compromised', () => {
  const without = { version: 2, beacon: [KEYS.beacon[1]], ranks: [1] };
  const node = settled().take(forgeRoot({ ...without, compromised: [KEYS.beacon[0]] }));
  const back = { beacon: [KEYS.beacon[1], KEYS.beacon[0]], ranks: [1, 2] };
  assert.is(node.give(forgeRoot({ version: 3, ...back })), 'root-key-reused');
  assert.is(node.give(forgeRoot({ version: 3, lineage: 1, ...back })), 'root-key-reused');
});

ladder.run();
