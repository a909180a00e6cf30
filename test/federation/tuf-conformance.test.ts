/**
 * TUF's conformance suite, carried over: its cases of refreshing, expiry and rollback, by name.
 *
 * Root stays Root; timestamp is our beacon, snapshot our manifest, targets a document. Where this
 * protocol decides otherwise on purpose, the test says so.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { type JsonObject, parseJson } from '../../core/canonical.ts';
import { DAY_MS } from '../../core/time.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  signEnvelope,
  type UnverifiedEnvelope,
} from '../../federation/envelope.ts';
import { recordKey } from '../../federation/record-key.ts';
import { documentTier } from '../../federation/standing.ts';
import { refuses } from '../refused.ts';
import { Climber, fingerprintOf, settled } from './climber.ts';
import {
  CONTENTS,
  DOMAIN,
  ENTRIES_KEY,
  forgeBeacon,
  forgeBundle,
  forgeContents,
  forgeManifest,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
} from './forge.ts';

const tuf = suite('federation/tuf-conformance');

const SECOND = forgeContents(2);

/** A node of the first contents that was told of the second by a beacon. */
function pointed(): Climber {
  const beacon = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest: SECOND.manifest });
  return settled().wait(1_000).take(beacon.bytes);
}

/** A document as it was, without any signature. */
function unsigned(bytes: Uint8Array): Uint8Array {
  const { type, payload } = decodeEnvelope(bytes);
  return encodeEnvelope(type, [], payload);
}

/** The outcome of giving `bytes`, which has to leave the belief as it was. */
function unmoved(node: Climber, bytes: Uint8Array): string {
  const before = fingerprintOf(node.belief, node.now);
  const outcome = node.give(bytes);
  assert.is(fingerprintOf(node.belief, node.now), before, 'the belief is as it was');
  return outcome;
}

/** The second manifest, of these names, under a beacon that names it. */
function underManifest(manifest: Uint8Array): Climber {
  const beacon = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest });
  return settled().wait(1_000).take(beacon.bytes);
}

/** What a document may be used for now. */
function tierOf(node: Climber, key: string): string {
  const document = node.belief.documents.get(key);
  return document === undefined ? 'none' : documentTier(document, node.standing);
}

tuf('invalid_initial_root: a first Root without a version begins nothing', () => {
  const whole = parseJson(decodeEnvelope(forgeRoot()).payload) as JsonObject;
  const { version, ...rest } = whole;
  assert.is(version, '1');
  const root = signEnvelope('root', rest, [KEYS.root]);
  const node = new Climber(root);
  assert.is(unmoved(node, root), 'document-malformed');
  assert.is(unmoved(node, forgeBeacon().bytes), 'root-unknown');
});

tuf('unsigned_initial_root: a first Root that nobody signed begins nothing', () => {
  const root = unsigned(forgeRoot());
  const node = new Climber(root);
  assert.is(unmoved(node, root), 'threshold-unmet');
  assert.is(unmoved(node, forgeBeacon().bytes), 'root-unknown');
});

tuf('unsigned_metadata: each role is refused unsigned, and what came before it stays', () => {
  const beacon = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest: SECOND.manifest });
  const node = settled().wait(1_000);
  const steps = [forgeRoot({ version: 2 }), beacon.bytes, SECOND.manifest, SECOND.bundle];
  for (const bytes of steps) {
    assert.is(unmoved(node, unsigned(bytes)), 'threshold-unmet');
    node.take(bytes);
  }
});

tuf('url_and_metadata_version_mismatch: what is pointed at says its own number', () => {
  assert.is(unmoved(settled(), forgeRoot({ version: 3 })), 'root-step');
  const beacon = forgeBeacon({
    ...{ epoch: 2, issuedAt: NOW + 1_000, manifest: SECOND.manifest, manifestVersion: 3 },
  });
  const node = settled().wait(1_000).take(beacon.bytes);
  assert.is(unmoved(node, SECOND.manifest), 'manifest-mismatch');
  const names = {
    bundle: { ...pinOf(SECOND.bundle), version: '3' },
    [ENTRIES_KEY]: pinOf(SECOND.entries),
  };
  const manifest = forgeManifest(2, names);
  assert.is(unmoved(underManifest(manifest).take(manifest), SECOND.bundle), 'document-not-pinned');
});

tuf(
  'timestamp_content_changes: another beacon under one number is a proof, and not believed',
  () => {
    const node = settled();
    const held = node.belief.beacon?.beacon.digest;
    assert.is(node.give(forgeBeacon({ manifest: SECOND.manifest }).bytes), 'epoch-repeated');
    assert.is(node.belief.beacon?.beacon.digest, held);
    assert.is(node.belief.documents.size, 2);
    assert.is(node.belief.disowned.size, 1);
    const alarms = node.last?.notes.filter(({ kind }) => kind === 'alarm') ?? [];
    assert.is(alarms.length, 1);
  },
);

tuf('targets_hash_mismatch: another document of the version that is pinned is refused', () => {
  const node = pointed().take(SECOND.manifest);
  const other = forgeBundle(2, { spiffe_refresh_hint: 5 });
  assert.is(unmoved(node, other), 'document-not-pinned');
  node.take(SECOND.bundle);
});

tuf('snapshot_hash_mismatch: the beacon goes on, the manifest does not', () => {
  const node = pointed();
  const other = forgeManifest(2, { bundle: pinOf(SECOND.bundle) });
  assert.is(unmoved(node, other), 'manifest-mismatch');
  assert.is(node.belief.beacon?.beacon.epoch, 2n);
  assert.is(node.belief.manifest?.manifest.version, 1n);
});

tuf('metadata_bytes_match: the bytes that came are the bytes that are kept', () => {
  const beacon = forgeBeacon({ members: { later: { b: '2', a: ['é', null, 0] } } }).bytes;
  const node = new Climber().take(forgeRoot(), beacon);
  assert.equal(node.records.get(recordKey(DOMAIN, 'beacon')), beacon);
  const loose = toUtf8(`{ "domain": "${DOMAIN}", "type": "beacon" }`);
  refuses('not-canonical', () => decodeEnvelope(encodeEnvelope('beacon', [], loose)));
});

tuf('custom_fields: members that nobody knows are signed over, and harm nothing', () => {
  const custom: JsonObject = { custom: { nested: [true, 'x'] } };
  const root = forgeRoot({ members: custom });
  const bundle = forgeBundle(1, custom);
  const names = { bundle: pinOf(bundle) };
  const manifest = forgeManifest(1, names, { members: custom });
  const beacon = forgeBeacon({ manifest, members: custom });
  new Climber(root).take(root, beacon.bytes, manifest, bundle);
  const payload = parseJson(decodeEnvelope(bundle).payload) as JsonObject;
  const { slots } = decodeEnvelope(bundle);
  const bent = encodeEnvelope('bundle', slots, decodeEnvelope(forgeBundle(1)).payload);
  assert.ok('custom' in payload);
  const node = new Climber(root).take(root, beacon.bytes, manifest);
  assert.is(unmoved(node, bent), 'document-not-pinned');
});

tuf('timestamp_404: without a newer beacon nothing moves, and the age grows', () => {
  const node = settled().wait(10_000);
  assert.is(node.standing.tier, 'DEGRADED');
  assert.is(unmoved(node, SECOND.manifest), 'manifest-mismatch');
});

tuf(
  'snapshot_404: the pointer stays, the old manifest stays, and is not said to be current',
  () => {
    const node = pointed();
    assert.is(node.belief.beacon?.beacon.epoch, 2n);
    assert.is(node.belief.documents.size, 2);
    node.wait(9_500);
    assert.is(node.standing.tier, 'FRESH');
    assert.is(tierOf(node, 'bundle'), 'DEGRADED');
  },
);

tuf('targets_404: the pointer stays, the old body stays, and ages from what pinned it', () => {
  const node = pointed().take(SECOND.manifest, SECOND.entries).wait(9_500);
  assert.is(tierOf(node, ENTRIES_KEY), 'FRESH');
  assert.is(tierOf(node, 'bundle'), 'DEGRADED');
  assert.is(node.belief.documents.get('bundle')?.head.version, 1n);
});

tuf('incorrect_metadata_type: what is signed as one type is no other', () => {
  const relabelled = ({ slots, payload }: UnverifiedEnvelope) =>
    encodeEnvelope('bundle', slots, payload);
  const node = pointed();
  const manifest = decodeEnvelope(SECOND.manifest);
  refuses('document-type', () => decodeEnvelope(relabelled(manifest)));
  // The payload says the type too, and what signs it binds the type once more.
  const payload = decodeEnvelope(SECOND.bundle).payload;
  const swapped = encodeEnvelope('bundle', manifest.slots, payload);
  node.take(SECOND.manifest);
  assert.is(unmoved(node, swapped), 'signature-invalid');
});

tuf('root_expired: Roots do not end; the keys that they name do, and nothing else moves', () => {
  const node = settled().take(forgeRoot({ version: 2, until: NOW + 1 }));
  const late = forgeBeacon({ root: 2, epoch: 2, issuedAt: NOW + 1 });
  assert.is(unmoved(node.wait(1), late.bytes), 'beacon-key-ended');
  assert.is(node.belief.roots.length, 2);
});

tuf('timestamp_expired: a newer beacon past every limit is a mark, and grants nothing', () => {
  const node = settled().wait(31 * DAY_MS);
  node.take(forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 }).bytes);
  assert.is(node.standing.tier, 'EXPIRED');
  assert.is(node.give(forgeBeacon().bytes), 'epoch-rolled-back');
});

tuf('snapshot_expired: a manifest is as old as the beacon that pins it', () => {
  const node = pointed()
    .wait(31 * DAY_MS)
    .take(SECOND.manifest);
  assert.is(node.standing.tier, 'EXPIRED');
});

tuf('targets_expired: contents are as old as the beacon that pins them', () => {
  const node = pointed()
    .wait(31 * DAY_MS)
    .take(SECOND.manifest, SECOND.bundle);
  assert.is(tierOf(node, 'bundle'), 'EXPIRED');
});

tuf('expired_local_root: a state whose keys have ended takes the next Root', () => {
  const first = forgeRoot({ until: NOW + 1 });
  const { manifest, bundle } = CONTENTS;
  const node = new Climber(first).take(first, forgeBeacon().bytes, manifest, bundle);
  node.wait(18 * DAY_MS).take(forgeRoot({ version: 2, until: NOW + 60 * DAY_MS }));
  node.take(forgeBeacon({ root: 2, epoch: 2, issuedAt: node.wallMs }).bytes);
  assert.is(node.standing.tier, 'FRESH');
});

tuf('expired_local_timestamp: a state that is EXPIRED is FRESH by the next beacon', () => {
  const node = settled().wait(18 * DAY_MS);
  assert.is(node.standing.tier, 'EXPIRED');
  node.take(forgeBeacon({ epoch: 2, issuedAt: node.wallMs }).bytes);
  assert.is(node.standing.tier, 'FRESH');
});

tuf('new_timestamp_version_rollback: a lower epoch is refused', () => {
  const node = settled().take(forgeBeacon({ epoch: 3 }).bytes);
  assert.is(unmoved(node, forgeBeacon({ epoch: 2 }).bytes), 'epoch-rolled-back');
});

tuf('snapshot_rollback: a beacon that names an older manifest brings none back', () => {
  const node = pointed().take(SECOND.manifest, SECOND.bundle, SECOND.entries);
  node.take(forgeBeacon({ epoch: 3, issuedAt: NOW + 1_000, manifest: CONTENTS.manifest }).bytes);
  assert.is(unmoved(node, CONTENTS.manifest), 'version-rolled-back');
});

tuf('targets_rollback: a manifest that pins an older document is refused', () => {
  const node = pointed().take(SECOND.manifest, SECOND.bundle, SECOND.entries);
  const names = { bundle: pinOf(CONTENTS.bundle), [ENTRIES_KEY]: pinOf(SECOND.entries) };
  const manifest = forgeManifest(3, names);
  node.take(forgeBeacon({ epoch: 3, issuedAt: NOW + 1_000, manifest }).bytes);
  assert.is(unmoved(node, manifest), 'version-rolled-back');
});

tuf('targets_role_removal: a name does not vanish from the manifest', () => {
  const manifest = forgeManifest(2, { bundle: pinOf(CONTENTS.bundle) });
  assert.is(unmoved(underManifest(manifest), manifest), 'version-rolled-back');
});

/** A node that a runaway led to high numbers, and a Root of a new lineage, to begin anew. */
function runaway() {
  const far = forgeContents(100);
  const beacon = forgeBeacon({ epoch: 700, manifest: far.manifest });
  const node = settled().take(beacon.bytes, far.manifest, far.bundle, far.entries);
  node.wait(1_000).take(forgeRoot({ version: 2, issuedAt: NOW }));
  return { node, lineage: forgeRoot({ version: 3, lineage: 1, issuedAt: NOW }) };
}

/** The first beacon of that lineage. */
const anew = (manifest: Uint8Array) =>
  forgeBeacon({ root: 3, lineage: 1, epoch: 1, issuedAt: NOW + 1_000, manifest }).bytes;

tuf('new_timestamp_fast_forward_recovery: a lower epoch by a new lineage, by no Root alone', () => {
  const { node, lineage } = runaway();
  const low = forgeBeacon({ root: 2, epoch: 5, issuedAt: NOW + 1_000 });
  assert.is(unmoved(node, low.bytes), 'epoch-rolled-back');
  node.take(lineage, anew(CONTENTS.manifest));
  assert.is(node.standing.tier, 'FRESH');
});

tuf('new_snapshot_fast_forward_recovery: a lower manifest by a new lineage', () => {
  const { node, lineage } = runaway();
  assert.is(unmoved(node, CONTENTS.manifest), 'manifest-mismatch');
  node.take(lineage, anew(CONTENTS.manifest), CONTENTS.manifest);
  assert.is(node.belief.manifest?.manifest.version, 1n);
});

tuf('targets_fast_forward_recovery: lower documents by a new lineage, and fewer names', () => {
  const { node, lineage } = runaway();
  // What the runaway had listed may go with it.
  const manifest = forgeManifest(1, { bundle: pinOf(CONTENTS.bundle) });
  node.take(lineage, anew(manifest), manifest, CONTENTS.bundle);
  assert.is(node.standing.tier, 'FRESH');
  assert.equal([...node.belief.documents.keys()], ['bundle']);
});

tuf.run();
