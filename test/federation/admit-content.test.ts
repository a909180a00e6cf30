/** The ladder for manifests and documents: only what the newest beacon pins is believed. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signEnvelope } from '../../federation/envelope.ts';
import { documentTier } from '../../federation/standing.ts';
import { Climber, settled } from './climber.ts';
import {
  CONTENTS,
  ENTRIES_KEY,
  forgeBeacon,
  forgeBundle,
  forgeContents,
  forgeEntries,
  forgeManifest,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
  STRANGER,
} from './forge.ts';

const ladder = suite('federation/admit-content');

/** A node that holds the first contents, and a second beacon that names `manifest`. */
function named(manifest: Uint8Array, manifestVersion?: number): Climber {
  const version = manifestVersion === undefined ? {} : { manifestVersion };
  const next = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest, ...version });
  return settled().wait(1_000).take(next.bytes);
}

ladder('believes a document from the moment the whole way to it is held', () => {
  const node = new Climber().take(forgeRoot());
  assert.is(node.give(CONTENTS.bundle), 'document-not-pinned');
  assert.is(node.give(CONTENTS.manifest), 'manifest-mismatch');
  node.take(forgeBeacon().bytes);
  assert.is(node.give(CONTENTS.bundle), 'document-not-pinned');
  node.take(CONTENTS.manifest, CONTENTS.bundle);
});

ladder('refuses what it holds as held', () => {
  const node = settled();
  assert.is(node.give(CONTENTS.manifest), 'document-held');
  assert.is(node.give(CONTENTS.bundle), 'document-held');
});

ladder('refuses an old manifest under a new beacon, and a new one under an old', () => {
  const second = forgeContents(2);
  assert.is(named(second.manifest).give(CONTENTS.manifest), 'manifest-mismatch');
  assert.is(settled().give(second.manifest), 'manifest-mismatch');
});

ladder('refuses another manifest of the very version that the beacon names', () => {
  const second = forgeContents(2);
  const other = forgeManifest(2, {
    bundle: pinOf(forgeBundle(2, { spiffe_refresh_hint: 5 })),
    [ENTRIES_KEY]: pinOf(second.entries),
  });
  assert.is(named(second.manifest).give(other), 'manifest-mismatch');
});

ladder('refuses a document of the manifest before, and one of the manifest to come', () => {
  const second = forgeContents(2);
  const node = named(second.manifest);
  assert.is(node.give(second.bundle), 'document-not-pinned');
  node.take(second.manifest);
  assert.is(node.give(CONTENTS.bundle), 'document-not-pinned');
  node.take(second.bundle, second.entries);
  assert.is(node.give(forgeContents(3).bundle), 'document-not-pinned');
});

ladder('refuses a second document of the version that is pinned, and harms nobody', () => {
  const node = new Climber().take(forgeRoot(), forgeBeacon().bytes, CONTENTS.manifest);
  assert.is(node.give(forgeBundle(1, { spiffe_refresh_hint: 5 })), 'document-not-pinned');
  assert.is(node.give(CONTENTS.bundle), 'admitted');
});

ladder('refuses a pin whose version is not that of the document', () => {
  const names = { bundle: { ...pinOf(CONTENTS.bundle), version: '2' } };
  const manifest = forgeManifest(1, names);
  const node = new Climber().take(forgeRoot(), forgeBeacon({ manifest }).bytes, manifest);
  assert.is(node.give(CONTENTS.bundle), 'document-not-pinned');
});

ladder('refuses a manifest whose version falls or stands', () => {
  const names = { bundle: pinOf(CONTENTS.bundle), [ENTRIES_KEY]: pinOf(CONTENTS.entries) };
  const again = forgeManifest(1, { ...names, extra: { version: '1', digest: null } });
  assert.is(named(again).give(again), 'version-rolled-back');
  const next = forgeManifest(2, names);
  assert.is(named(next).give(next), 'admitted');
});

ladder('refuses a manifest of another version than the beacon names', () => {
  const { manifest } = forgeContents(2);
  assert.is(named(manifest, 3).give(manifest), 'manifest-mismatch');
});

ladder('refuses a manifest that lowers a version, or puts other content under an equal one', () => {
  const rest = { [ENTRIES_KEY]: pinOf(CONTENTS.entries) };
  const second = forgeContents(2);
  const node = named(second.manifest).take(second.manifest);
  const offered = (names: Parameters<typeof forgeManifest>[1]): string => {
    const manifest = forgeManifest(3, names);
    node.take(forgeBeacon({ epoch: 3, issuedAt: NOW + 1_000, manifest }).bytes);
    return node.give(manifest);
  };
  assert.is(offered({ bundle: pinOf(CONTENTS.bundle), ...rest }), 'version-rolled-back');
});

ladder('refuses a manifest from which a name vanishes, and lets it leave by null', () => {
  const pin = { bundle: pinOf(CONTENTS.bundle) };
  const vanished = forgeManifest(2, pin);
  assert.is(named(vanished).give(vanished), 'version-rolled-back');
  const equal = forgeManifest(2, { ...pin, [ENTRIES_KEY]: { version: '1', digest: null } });
  assert.is(named(equal).give(equal), 'version-rolled-back');
  const left = forgeManifest(2, { ...pin, [ENTRIES_KEY]: { version: '2', digest: null } });
  const node = named(left).take(left);
  assert.not.ok(node.belief.documents.has(ENTRIES_KEY));
  const omitted = forgeManifest(3, pin);
  node.take(forgeBeacon({ epoch: 3, issuedAt: NOW + 1_000, manifest: omitted }).bytes, omitted);
});

ladder('refuses contents signed by any other key', () => {
  const names = { bundle: pinOf(CONTENTS.bundle) };
  for (const signer of [STRANGER, KEYS.root, KEYS.beacon[0]]) {
    const manifest = forgeManifest(1, names, { signer });
    const node = new Climber().take(forgeRoot(), forgeBeacon({ manifest }).bytes);
    assert.is(node.give(manifest), 'signer-unknown');
  }
});

ladder('refuses a lease: it proves a peer, and is nobody’s belief', () => {
  const body = { domain: 'blue.example' };
  assert.is(settled().give(signEnvelope('lease', body, [KEYS.documents])), 'document-type');
});

ladder('refuses whatever speaks for another domain', () => {
  const foreign = forgeBeacon({ domain: 'red.example' });
  assert.is(settled().give(foreign.bytes), 'domain-mismatch');
  assert.is(settled().give(forgeRoot({ domain: 'red.example' })), 'domain-mismatch');
  assert.is(settled().give(forgeBundle(1, { domain: 'red.example' })), 'domain-mismatch');
});

ladder('keeps the age of a body while the newer one is withheld', () => {
  // The relay gives beacon and ticks, and keeps back what was changed.
  const second = forgeContents(2);
  const node = named(second.manifest);
  node.wait(9_500).take(forgeBeaconOf(second.manifest).tick(9));
  assert.is(node.standing.tier, 'FRESH');
  for (const held of node.belief.documents.values()) {
    assert.is(documentTier(held, node.standing), 'DEGRADED');
  }
  node.take(second.manifest, second.bundle);
  const bundle = node.belief.documents.get('bundle');
  assert.is(bundle && documentTier(bundle, node.standing), 'FRESH');
  const entries = node.belief.documents.get(ENTRIES_KEY);
  assert.is(entries && documentTier(entries, node.standing), 'DEGRADED');
});

function forgeBeaconOf(manifest: Uint8Array) {
  return forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest });
}

ladder('makes a document fresh again that the new manifest still pins', () => {
  const bundle = forgeBundle(2);
  const names = { bundle: pinOf(bundle), [ENTRIES_KEY]: pinOf(CONTENTS.entries) };
  const manifest = forgeManifest(2, names);
  const node = named(manifest);
  assert.is(node.belief.documents.get(ENTRIES_KEY)?.frozenAsOf, NOW);
  node.take(manifest);
  assert.is(node.belief.documents.get(ENTRIES_KEY)?.frozenAsOf, null);
  assert.is(node.belief.documents.get('bundle')?.frozenAsOf, NOW);
  assert.is(node.give(forgeEntries(1)), 'document-held');
});

ladder.run();
