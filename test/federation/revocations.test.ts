/** Revocation documents on the ladder: who may revoke what, how they merge, and how they end. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../core/digest.ts';
import { REVOCATION_DOCUMENTS_MAX, REVOCATIONS_MAX } from '../../core/limits.ts';
import type { Signer } from '../../core/suite.ts';
import { DAY_MS, UNIX_MS_MAX, unixMs } from '../../core/time.ts';
import { decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { leadingOf, type Revocation, readRevocations } from '../../federation/revocations.ts';
import { signerOf } from '../fakes/coalition.ts';
import { Climber, settled } from './climber.ts';
import {
  CONTENTS,
  DOMAIN,
  ENTRIES_KEY,
  forgeBeacon,
  forgeManifest,
  forgeRevocations,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
  STRANGER,
} from './forge.ts';

const test = suite('federation/revocations');
const [FIRST, SECOND] = KEYS.revocation;

function leaf(target: string, notAfterMs = NOW + DAY_MS): Revocation {
  return { class: 'leaf', target, notAfter: unixMs(notAfterMs), at: unixMs(NOW) };
}

function authority(signer: Signer): Revocation {
  const ends = { notAfter: unixMs(UNIX_MS_MAX), at: unixMs(NOW) };
  return { class: 'authority', target: signer.keyId, ...ends };
}

function revoked(node: Climber): readonly string[] {
  return [...node.belief.revocations.union.keys()].sort();
}

test('take one key for a leaf, and no key, two keys or a stranger’s for none', () => {
  const give = (...signers: readonly Signer[]) =>
    settled().give(forgeRevocations([leaf('0a')], { signers }));
  assert.is(give(FIRST), 'admitted');
  assert.is(give(SECOND), 'admitted');
  assert.is(give(), 'threshold-unmet');
  assert.is(give(FIRST, SECOND), 'signer-surplus');
  assert.is(give(STRANGER), 'signer-unknown');
  assert.is(give(KEYS.documents), 'signer-unknown');
});

test('take two keys for an authority, whatever stands beside it', () => {
  const give = (...signers: readonly Signer[]) =>
    settled().give(forgeRevocations([authority(KEYS.beacon[1]), leaf('0a')], { signers }));
  assert.is(give(FIRST), 'threshold-unmet');
  assert.is(give(FIRST, SECOND), 'admitted');
  assert.is(give(FIRST, STRANGER), 'signer-unknown');
});

// An older document that says as much would be dropped as covered when its pin goes.
test('are led by the later of two documents that say as much', () => {
  for (const target of ['0a', '0b', '0c', '0d']) {
    const node = settled();
    const older = forgeRevocations([leaf(target)]);
    const later = forgeRevocations([leaf(target, NOW + 2 * DAY_MS)], { version: 2 });
    const held = [older, later].map((bytes) => ({
      ...readRevocations(decodeEnvelope(bytes)),
      bytes,
    }));
    const { digest } = decodeEnvelope(later);
    assert.is(leadingOf({ documents: held, union: new Map() })?.digest, digest);
    node.take(older, later);
    assert.is(leadingOf(node.belief.revocations)?.digest, digest);
  }
});

test('are led by the one that names the others beside it, and all of those are pinned', () => {
  const month = (target: string, months: number) => leaf(target, NOW + months * 31 * DAY_MS);
  const first = forgeRevocations([month('0a', 1), month('0b', 1)]);
  const last = NOW + 31 * DAY_MS;
  const beside = [{ document: decodeEnvelope(first).digest, notAfter: unixMs(last) }];
  const second = forgeRevocations([month('0c', 2)], { version: 2, beside });
  const manifest = forgeManifest(2, {
    bundle: pinOf(CONTENTS.bundle),
    [ENTRIES_KEY]: pinOf(CONTENTS.entries),
    revocations: pinOf(second),
  });
  const beaconAt = (epoch: number, issuedAt: number): Uint8Array =>
    forgeBeacon({ epoch, issuedAt, manifest, manifestVersion: 2 }).bytes;
  const node = settled().take(first, second);
  assert.is(leadingOf(node.belief.revocations)?.digest, decodeEnvelope(second).digest);

  const late = settled().take(beaconAt(2, NOW + 1_000), manifest, second);
  assert.is(late.standing.tier, 'DEGRADED', 'it knows that there is one more');
  late.take(first);
  assert.is(late.standing.tier, 'FRESH');
  // Covered by another it stays as long as it is pinned, or whoever comes later would lack it.
  late.take(
    forgeRevocations(
      ['0a', '0b', '0d'].map((target) => month(target, 1)),
      { version: 3 },
    ),
  );
  assert.ok(late.belief.revocations.documents.some(({ digest }) => digest === beside[0]?.document));
  // Its month is over: it goes as a whole, and nobody misses it.
  const young = settled().wait(last + 1 - NOW);
  young.take(beaconAt(2, last + 1));
  assert.equal(revoked(young.take(manifest, second)), ['leaf/0c']);
  assert.is(young.give(first), 'revocation-past');
});

test('are missed where nobody holds them any more, until their domain revokes again', () => {
  const lost = { document: digestOf(Uint8Array.of(1)), notAfter: unixMs(NOW + DAY_MS) };
  const second = forgeRevocations([leaf('0a')], { version: 2, beside: [lost] });
  const node = settled().take(second);
  const pin = (version: number, document: Uint8Array): void => {
    const names = { bundle: pinOf(CONTENTS.bundle), [ENTRIES_KEY]: pinOf(CONTENTS.entries) };
    const manifest = forgeManifest(version, { ...names, revocations: pinOf(document) });
    const plan = { epoch: version, issuedAt: NOW + version, manifest, manifestVersion: version };
    node.take(forgeBeacon(plan).bytes, manifest);
  };
  pin(2, second);
  assert.is(node.standing.tier, 'DEGRADED');
  const beside = [{ document: decodeEnvelope(second).digest, notAfter: unixMs(NOW + DAY_MS) }];
  const third = forgeRevocations([leaf('0b', NOW + 31 * DAY_MS)], { version: 3, beside });
  node.take(third);
  assert.is(leadingOf(node.belief.revocations)?.digest, decodeEnvelope(third).digest);
  pin(3, third);
  assert.is(node.standing.tier, 'FRESH');
});

test('name what stands beside them once each, in order, and not without end', () => {
  const at = (index: number) => ({
    document: digestOf(Uint8Array.of(index)),
    notAfter: unixMs(NOW + DAY_MS),
  });
  const sorted = (count: number) =>
    Array.from({ length: count }, (_, i) => at(i)).sort((a, b) =>
      a.document < b.document ? -1 : 1,
    );
  const give = (beside: readonly ReturnType<typeof at>[]) =>
    settled().give(forgeRevocations([leaf('0a')], { beside }));
  assert.is(give(sorted(REVOCATION_DOCUMENTS_MAX)), 'admitted');
  assert.is(give(sorted(REVOCATION_DOCUMENTS_MAX + 1)), 'document-malformed');
  assert.is(give([...sorted(2)].reverse()), 'document-malformed');
  assert.is(give([at(0), at(0)]), 'document-malformed');
});

test('touch their own domain alone', () => {
  const identity = (target: string): Revocation => ({ ...leaf('0a'), class: 'identity', target });
  const own = forgeRevocations([identity(`spiffe://${DOMAIN}/web`)]);
  const other = forgeRevocations([identity('spiffe://red.example/web')]);
  assert.is(settled().give(own), 'admitted');
  assert.is(settled().give(other), 'revocation-foreign');
  const elsewhere = forgeRevocations([leaf('0a')], { domain: 'red.example' as typeof DOMAIN });
  assert.is(settled().give(elsewhere), 'domain-mismatch');
});

test('name their targets in one spelling and one order', () => {
  const give = (...entries: readonly Revocation[]) => {
    const body = {
      domain: DOMAIN,
      version: '1',
      entries: entries.map(({ class: kind, target }) => ({
        ...{ class: kind, target, at: '1', notAfter: String(NOW + 1) },
      })),
    };
    return settled().give(signEnvelope('revocations', body, [FIRST]));
  };
  assert.is(give(leaf('0a'), leaf('0b')), 'admitted');
  assert.is(give(leaf('0b'), leaf('0a')), 'document-malformed');
  assert.is(give(leaf('0a'), leaf('0a')), 'document-malformed');
  assert.is(give(leaf('0A')), 'revocation-target');
  assert.is(give(leaf('0')), 'revocation-target');
  assert.is(give(leaf('0a'.repeat(20))), 'admitted');
  assert.is(give(leaf('0a'.repeat(21))), 'revocation-target');
  assert.is(give({ ...leaf('0a'), class: 'lease' }), 'revocation-target');
  assert.is(give({ ...leaf('web'), class: 'identity' }), 'revocation-target');
  assert.is(give({ ...leaf('0a'), class: 'other' as 'leaf' }), 'document-malformed');
});

test('merge to the same whatever the order, and one that another covers is dropped', () => {
  const parts = [
    forgeRevocations([leaf('0a')]),
    forgeRevocations([leaf('0b')], { version: 2 }),
    forgeRevocations([leaf('0a'), leaf('0b')], { version: 3 }),
    forgeRevocations([leaf('0a', NOW + 2 * DAY_MS)], { version: 4 }),
  ];
  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
    [1, 3, 0, 2],
    [0, 2, 1, 3],
  ];
  const ends = orders.map((order) => {
    const node = settled();
    for (const i of order) node.give(parts[i] ?? new Uint8Array());
    assert.equal(revoked(node), ['leaf/0a', 'leaf/0b']);
    assert.is(node.belief.revocations.union.get('leaf/0a')?.notAfter, NOW + 2 * DAY_MS);
    return node.belief.revocations.documents.map(({ version }) => version);
  });
  for (const end of ends) assert.equal(end, ends[0]);
  assert.is(ends[0]?.length, 2);
  assert.is(
    settled()
      .take(parts[2] ?? new Uint8Array())
      .give(parts[0] ?? new Uint8Array()),
    'document-held',
  );
});

test('H2: rotation un-revokes nothing, and a retired key revokes nothing new', () => {
  const fresh = [signerOf('blue/revocation-2'), signerOf('blue/revocation-3')];
  const before = forgeRevocations([leaf('0a')]);
  const rotated = { version: 2, issuedAt: NOW, revocation: fresh, retired: KEYS.revocation };
  const node = settled().take(before, forgeRoot(rotated));
  assert.equal(revoked(node), ['leaf/0a']);
  assert.is(node.give(forgeRevocations([leaf('0b')], { version: 2 })), 'revocation-key');
  node.take(forgeRevocations([leaf('0a'), leaf('0b')], { version: 2, signers: fresh.slice(0, 1) }));
  assert.equal(revoked(node), ['leaf/0a', 'leaf/0b']);
  // Who has the Root first takes what that Root carries, and nothing else by the old key.
  const carried = [decodeEnvelope(before).digest];
  const late = settled().take(forgeRoot({ ...rotated, members: { revocations: carried } }));
  assert.is(late.give(forgeRevocations([leaf('0b')])), 'revocation-key');
  assert.is(late.give(before), 'admitted');
});

test('of a compromised key stay as they are held, and no new one is taken', () => {
  const rotated = {
    ...{ version: 2, issuedAt: NOW, revocation: [SECOND, STRANGER], compromised: [FIRST] },
  };
  const before = forgeRevocations([leaf('0a')]);
  const node = settled().take(before, forgeRoot(rotated));
  assert.equal(revoked(node), ['leaf/0a']);
  assert.is(node.give(forgeRevocations([leaf('0b')], { version: 2 })), 'key-revoked');
  // Whoever comes late takes what the Root itself names, and nothing else.
  const carried = [decodeEnvelope(before).digest];
  const late = settled().take(forgeRoot({ ...rotated, members: { revocations: carried } }));
  assert.is(late.give(forgeRevocations([leaf('0b')])), 'key-revoked');
  assert.is(late.give(before), 'admitted');
  assert.equal(revoked(late), ['leaf/0a']);
});

test('end once the target has ended by the newest beacon, not by a wall clock set ahead', () => {
  const short = forgeRevocations([leaf('0a', NOW + 1_000)]);
  const node = settled().take(short).wait(60_000);
  assert.is(node.give(forgeRevocations([leaf('0b')], { version: 2 })), 'admitted');
  assert.equal(revoked(node), ['leaf/0a', 'leaf/0b']);
  node.take(forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 }).bytes);
  assert.equal(revoked(node), ['leaf/0a', 'leaf/0b']);
  node.take(forgeBeacon({ epoch: 3, issuedAt: NOW + 1_001 }).bytes);
  assert.equal(revoked(node), ['leaf/0b']);
  assert.is(node.give(short), 'revocation-past');
});

test('H3: fill no disk: so many entries and so many documents are kept', () => {
  const serial = (i: number) => (0x1000_0000 + i).toString(16);
  const many = (count: number) => Array.from({ length: count }, (_, i) => leaf(serial(i)));
  const full = settled().take(forgeRevocations(many(REVOCATIONS_MAX)));
  assert.is(full.give(forgeRevocations([leaf('0a')])), 'revocations-full');
  assert.is(settled().give(forgeRevocations(many(REVOCATIONS_MAX + 1))), 'document-malformed');
  const node = settled();
  for (const entry of many(REVOCATION_DOCUMENTS_MAX)) node.take(forgeRevocations([entry]));
  assert.is(node.give(forgeRevocations([leaf('0a')])), 'revocations-full');
  // One that says all of it makes room.
  node.take(forgeRevocations([...many(REVOCATION_DOCUMENTS_MAX), leaf('0a')]));
  assert.is(node.belief.revocations.documents.length, 1);
});

test('are taken in every tier, EXPIRED included, and outlive a restart and a lineage', () => {
  const node = settled().wait(60 * DAY_MS);
  assert.is(node.standing.tier, 'EXPIRED');
  node.take(forgeRevocations([leaf('0a')])).restart('boot-2', 10);
  assert.equal(revoked(node), ['leaf/0a']);
  node.take(forgeRoot({ version: 2, lineage: 1, issuedAt: NOW }));
  assert.equal(revoked(node.restart()), ['leaf/0a']);
});

test('of the beacon key in force end what it says; the next rank goes on', () => {
  const signers = KEYS.revocation;
  const node = settled().take(forgeRevocations([authority(KEYS.beacon[0])], { signers }));
  assert.is(node.standing.tier, 'EXPIRED');
  assert.is(node.restart().belief.beacon, null);
  assert.is(node.give(forgeBeacon().bytes), 'key-revoked');
  assert.is(node.give(forgeBeacon({ rank: 1, issuedAt: NOW + 1_000 }).bytes), 'admitted');
  assert.is(node.standing.tier, 'FRESH');
  const both = [authority(KEYS.beacon[0]), authority(KEYS.beacon[1])];
  node.take(forgeRevocations(both, { signers, version: 2 }));
  assert.is(node.standing.tier, 'QUARANTINED');
});

test('of the documents key take away all it published', () => {
  const signers = KEYS.revocation;
  const node = settled().take(forgeRevocations([authority(KEYS.documents)], { signers }));
  assert.is(node.belief.documents.size, 0);
  assert.is(node.give(CONTENTS.manifest), 'key-revoked');
});

test('H4: a manifest that pins revocations not held here caps the domain at DEGRADED', () => {
  const document = forgeRevocations([leaf('0a')]);
  const names = {
    ...{ bundle: pinOf(CONTENTS.bundle), revocations: { ...pinOf(document), version: '2' } },
  };
  const manifest = forgeManifest(2, names);
  const node = new Climber().take(
    forgeRoot(),
    forgeBeacon({ manifest: CONTENTS.manifest }).bytes,
    CONTENTS.manifest,
  );
  const issuedAt = NOW + 1;
  node
    .wait(1)
    .take(forgeBeacon({ epoch: 2, issuedAt, manifest: manifestWithEntries(manifest) }).bytes);
  node.take(manifestWithEntries(manifest));
  assert.is(node.standing.tier, 'DEGRADED');
  node.take(document);
  assert.is(node.standing.tier, 'FRESH');
});

/** The manifest beside the names that the first one had. */
function manifestWithEntries(manifest: Uint8Array): Uint8Array {
  const before = decodeEnvelope(CONTENTS.manifest).members.object('names').json();
  const names = decodeEnvelope(manifest).members.object('names').json();
  return forgeManifest(2, { ...before, ...names });
}

test.run();
