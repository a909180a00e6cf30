/**
 * Weaknesses of the first design of the protocol, by the number of the finding. Each test runs
 * against what answers it; clauses.ts holds the mutant that it fails on.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../core/canonical.ts';
import { keyIdOf, type Signer } from '../../core/suite.ts';
import { decodeEnvelope, encodeEnvelope } from '../../federation/envelope.ts';
import { NO_TERMS, viewOf } from '../../federation/view.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { Climber, settled } from '../federation/climber.ts';
import {
  CONTENTS,
  ENTRIES_KEY,
  forgeBeacon,
  forgeContents,
  forgeManifest,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
  STRANGER,
} from '../federation/forge.ts';
import { refuses } from '../refused.ts';

const attack = suite('attack/medium');

attack('M1: the type outside and the type inside are one', () => {
  const { slots, payload } = decodeEnvelope(CONTENTS.bundle);
  refuses('document-type', () => decodeEnvelope(encodeEnvelope('policy', slots, payload)));
});

attack('M1: one Ed25519 key under two partners meets no threshold of two', () => {
  // Two pairs that share a leg: two key ids, one person.
  const { ed25519 } = KEYS.root.publicPair;
  const pair = { ed25519, mlDsa65: STRANGER.publicPair.mlDsa65 };
  const twin: Signer = { ...STRANGER, publicPair: pair, keyId: keyIdOf(pair) };
  const root = forgeRoot({ root: [KEYS.root, twin], threshold: 2, signers: [KEYS.root] });
  assert.is(new Climber(root).give(root), 'root-key-reused');
});

attack('M2: a restriction that a reader does not know makes it keep what it has', () => {
  const manifest = forgeManifest(
    1,
    { bundle: pinOf(CONTENTS.bundle) },
    { members: { must: ['x'] } },
  );
  const node = new Climber().take(forgeRoot(), forgeBeacon({ manifest }).bytes);
  assert.is(node.give(manifest), 'document-must');
});

attack('M3: a name leaves by a null digest, and may be left out after that', () => {
  const gone = { version: '2', digest: null };
  const steps: readonly JsonObject[] = [
    { bundle: pinOf(CONTENTS.bundle), [ENTRIES_KEY]: gone },
    { bundle: pinOf(CONTENTS.bundle) },
  ];
  const node = settled();
  for (const [i, names] of steps.entries()) {
    const manifest = forgeManifest(i + 2, names);
    node.take(forgeBeacon({ epoch: i + 2, manifest }).bytes, manifest);
  }
  assert.equal([...node.belief.documents.keys()], ['bundle']);
});

attack('M5: freshness lasts three periods of ticks at the least', () => {
  const node = new Climber().take(forgeRoot());
  const limits = (freshForMs: number) =>
    forgeBeacon({
      members: { limits: { freshForMs, degradedForMs: 20_000, survivalForMs: 30_000 } },
    }).bytes;
  assert.is(node.give(limits(2_999)), 'beacon-limits');
  assert.is(node.give(limits(3_000)), 'admitted');
});

attack(
  'M6: a disk that a counter shows to be old keeps marks, and all ages are without end',
  () => {
    const node = settled().take(forgeBeacon({ epoch: 2 }).bytes);
    node.continuity = 'rolled-back';
    node.restart();
    assert.is(node.standing.tier, 'EXPIRED');
    assert.is(node.give(forgeBeacon().bytes), 'epoch-rolled-back');
  },
);

attack('M8: a replay below the mark is dropped before a signature is looked at', () => {
  const node = settled().take(forgeBeacon({ epoch: 3 }).bytes);
  const { payload } = decodeEnvelope(forgeBeacon({ epoch: 2 }).bytes);
  assert.is(node.give(encodeEnvelope('beacon', [], payload)), 'epoch-rolled-back');
});

attack('M11: of two Roots of one number ours stands, and nothing else moves', () => {
  const node = settled().take(forgeRoot({ version: 2 }));
  const held = node.belief.roots.at(-1)?.digest;
  assert.is(node.give(forgeRoot({ version: 2, issuedAt: NOW })), 'root-conflict');
  assert.is(node.belief.roots.at(-1)?.digest, held);
});

attack('M13: ticks of the next beacon never freshen the body of the one before', () => {
  const next = forgeBeacon({
    ...{ epoch: 2, issuedAt: NOW + 1_000, manifest: forgeContents(2).manifest },
  });
  const node = settled().wait(1_000).take(next.bytes).wait(11_000).take(next.tick(11));
  const view = viewOf(node.belief, node.now, NO_TERMS);
  assert.is(view.standing.tier, 'FRESH');
  assert.is(view.documents.get('bundle')?.tier, 'DEGRADED');
});

attack('M14: a fall is told of at half, three quarters and nine tenths of the way', () => {
  const node = settled();
  const alerts = [4_999, 1, 2_500, 1_500].map((ms) => node.wait(ms).standing.alert);
  assert.equal(alerts, [0, 50, 75, 90]);
});

attack('M16: a relation is to a name and its first Root, and passes nothing on', () => {
  const world = new Coalition();
  const names = ['blue', 'red', 'green'].map((name) => world.add({ name }));
  const [blue, red, green] = names as [Machine, Machine, Machine];
  world.advance(500);
  world.befriend(blue, red);
  world.befriend(red, green);
  world.link(blue, red);
  world.link(red, green);
  world.advance(2_000);
  assert.throws(() => blue.view(green.domain));
});

attack.run();
