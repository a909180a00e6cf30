/**
 * TUF's conformance suite, carried over: its cases of delegation, download and naming, by its
 * names; and the cases that it lacks and a network of peers needs.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { DOCUMENT_BYTES_MAX } from '../../core/limits.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import { readDocument } from '../../federation/document.ts';
import { decodeEnvelope, encodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { policyBody } from '../../federation/policy.ts';
import { Coalition } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { ROOT } from '../root.ts';
import { Climber, fingerprintOf, settled } from './climber.ts';
import {
  CONTENTS,
  forgeBeacon,
  forgeContents,
  forgeEntries,
  forgeManifest,
  forgeRevocations,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
} from './forge.ts';
import { BEYOND_TUF, TUF_CASES } from './tuf-cases.ts';

const tuf = suite('federation/tuf-beyond');

const SECOND = forgeContents(2);

tuf('cached_role_is_verified_against_current_delegator: another first Root, another domain', () => {
  const world = new Coalition();
  const [blue, red] = [world.add({ name: 'blue' }), world.add({ name: 'red' })];
  world.advance(500);
  world.befriend(blue, red);
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  const relation = blue.node.policy.relations.get(red.domain);
  assert.ok(relation !== undefined);
  const moved = { ...relation, firstRoot: blue.view().firstRoot };
  const policy = { ...blue.node.policy, relations: new Map([[red.domain, moved]]) };
  blue.publish([{ type: 'policy', name: 'policy', body: policyBody(policy) }]);
  world.advance(1_000);
  refuses('domain-unrelated', () => blue.node.exportBundle(red.domain));
});

tuf('delegation_not_in_snapshot: what no manifest lists is neither fetched nor taken', () => {
  const manifest = forgeManifest(1, { bundle: pinOf(CONTENTS.bundle) });
  const node = new Climber().take(forgeRoot(), forgeBeacon({ manifest }).bytes, manifest);
  assert.is(node.give(CONTENTS.entries), 'document-not-pinned');
});

tuf('repository_substitutes_target_file: well signed, and not the one that is pinned', () => {
  const node = new Climber().take(forgeRoot(), forgeBeacon().bytes, CONTENTS.manifest);
  const other = forgeEntries(1, { entries: [], note: 'other' });
  assert.is(node.give(other), 'document-not-pinned');
  node.take(CONTENTS.entries);
});

tuf('multiple_changes_to_target: who sees every fifth of ten changes has the last', () => {
  const node = settled();
  for (let version = 2; version <= 11; version++) {
    const { manifest, bundle, entries } = forgeContents(version);
    const beacon = forgeBeacon({ epoch: version, manifest });
    if (version % 5 === 1) node.take(beacon.bytes, manifest, bundle, entries);
  }
  assert.is(node.belief.documents.get('bundle')?.head.version, 11n);
  assert.is(node.belief.history.length, 3);
});

tuf('unknown_hash_algorithm: a digest is SHA-256 in lower-case hex, or none', () => {
  const { version } = pinOf(CONTENTS.bundle);
  for (const digest of ['ab'.repeat(64), 'AB'.repeat(32), `sha256:${'ab'.repeat(32)}`, '']) {
    const manifest = forgeManifest(1, { bundle: { version: version ?? null, digest } });
    const node = new Climber().take(forgeRoot(), forgeBeacon({ manifest }).bytes);
    assert.is(node.give(manifest), 'document-malformed', digest);
  }
});

tuf('unusual_role_name: ?, #, / and ../ are no part of a domain, a group or a document', () => {
  for (const odd of ['?', '#', '/delegatedrole', '../delegatedrole', 'a/../b', '..', 'ä']) {
    const named = (members: object) =>
      readDocument(decodeEnvelope(forgeEntries(1, members as Record<string, string>)));
    refuses('document-malformed', () => named({ name: `entries/${odd}`, group: odd }), odd);
    refuses('document-malformed', () => named({ name: `${odd}entries/x`, group: 'x' }), odd);
  }
  for (const odd of ['?', '#', '/delegatedrole', '/../x', '%2e', 'ä', ' ', 'A']) {
    const foreign = forgeRoot({ domain: `blue.example${odd}` });
    refuses('trust-domain-invalid', () => decodeEnvelope(foreign), odd);
  }
});

tuf('gossip that is reordered comes to the same belief', () => {
  const first = forgeBeacon();
  const next = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 });
  const news = [first.tick(1), next.bytes, next.tick(1), next.tick(2), first.tick(2)];
  const ends = [news, [...news].reverse()].map((order) => {
    const node = settled().wait(4_000);
    for (let round = 0; round < 3; round++) for (const bytes of order) node.give(bytes);
    return [node.belief.beacon?.beacon.epoch, node.belief.tick?.index, node.standing.ageMs];
  });
  assert.equal(ends[0], [2n, 2, 1_000]);
  assert.equal(ends[1], ends[0]);
});

tuf('two peers with different heads at one epoch prove it when they meet', () => {
  const [one, other] = [settled(), new Climber().take(forgeRoot())];
  const rival = forgeBeacon({ seed: 'rival' });
  other.take(rival.bytes);
  assert.is(one.give(rival.bytes), 'epoch-repeated');
  assert.is(other.give(forgeBeacon().bytes), 'epoch-repeated');
  assert.equal([...one.belief.disowned.keys()], [...other.belief.disowned.keys()]);
});

tuf('a beacon that is newer than the bundle serves nothing as complete', () => {
  const beacon = forgeBeacon({ epoch: 2, issuedAt: NOW + 9_000, manifest: SECOND.manifest });
  const node = settled().wait(9_000).take(beacon.bytes).wait(2_000);
  assert.is(node.standing.tier, 'FRESH');
  assert.is(node.belief.documents.get('bundle')?.frozenAsOf, unixMs(NOW));
});

tuf('a clock that jumps either way makes nothing younger', () => {
  const node = settled().wait(12_000);
  assert.is(node.standing.tier, 'DEGRADED');
  node.wallMs -= DAY_MS;
  assert.is(node.standing.tier, 'SURVIVAL', 'which clock is right is not known');
  node.wallMs += 2 * DAY_MS;
  assert.is(node.standing.tier, 'EXPIRED');
});

tuf('a reboot, whatever the chip counts, adds the step that its ledger may lack', () => {
  const node = settled().wait(5_000);
  const before = node.standing.ageMs ?? 0;
  node.restart('boot-2', 10);
  node.wallMs = NOW;
  assert.ok((node.standing.ageMs ?? 0) >= before - 2_500, 'the age that was stored');
  assert.is(node.give(forgeBeacon().bytes), 'document-held');
});

tuf('a disk that was restored keeps marks, and every positive age is without end', () => {
  const node = settled();
  node.continuity = 'rolled-back';
  node.restart();
  assert.is(node.standing.tier, 'EXPIRED');
  assert.is(node.give(forgeRoot()), 'document-held');
});

tuf('a revocation is taken back by nothing', () => {
  const leaf = { class: 'leaf', target: '0a', at: unixMs(NOW) } as const;
  const revoking = forgeRevocations([{ ...leaf, notAfter: unixMs(NOW + 9 * DAY_MS) }]);
  const sooner = forgeRevocations([{ ...leaf, notAfter: unixMs(NOW + DAY_MS) }], { version: 2 });
  const node = settled().take(revoking);
  assert.is(node.give(revoking), 'document-held');
  node.give(sooner);
  node.take(forgeRoot({ version: 2, lineage: 1, issuedAt: NOW }));
  assert.equal([...node.belief.revocations.union.keys()].length, 1);
  assert.is(node.restart('boot-2', 10).belief.revocations.union.size, 1);
});

tuf('an epoch of 2^53 + 1 is itself and not its neighbour', () => {
  const epoch = (text: string) =>
    decodeEnvelope(forgeBeacon({ members: { epoch: text } }).bytes).members.u64('epoch');
  assert.is(epoch('9007199254740993'), 9_007_199_254_740_993n);
  const number = forgeBeacon({ members: { epoch: 9_007_199_254_740_991 } });
  assert.is(new Climber().take(forgeRoot()).give(number.bytes), 'document-malformed');
  const spelled = forgeBeacon({ members: { epoch: '007' } });
  assert.is(new Climber().take(forgeRoot()).give(spelled.bytes), 'document-malformed');
});

tuf('endless data ends at a mebibyte, and nesting at its depth', () => {
  refuses('too-large', () => decodeEnvelope(new Uint8Array(DOCUMENT_BYTES_MAX + 1)));
  const deep = toUtf8(`{"a":${'['.repeat(1_000_000)}`);
  refuses('json-too-deep', () => decodeEnvelope(encodeEnvelope('bundle', [], deep)));
});

tuf('one leg of a pair that is stripped leaves no signature', () => {
  const { slots, payload } = decodeEnvelope(CONTENTS.bundle);
  const node = new Climber().take(forgeRoot(), forgeBeacon().bytes, CONTENTS.manifest);
  for (const [from, to] of [
    [0, 64],
    [64, 64 + 3_309],
  ] as const) {
    const stripped = slots.map(({ keyId, signature }) => {
      const copy = signature.slice() as typeof signature;
      return { keyId, signature: copy.fill(0, from, to) as typeof signature };
    });
    assert.is(node.give(encodeEnvelope('bundle', stripped, payload)), 'signature-invalid');
  }
});

tuf('a bundle of one domain under the name of another is refused', () => {
  const red = signEnvelope(
    'bundle',
    { domain: 'red.example', version: '1', spiffe_sequence: 1, keys: [] },
    [KEYS.documents],
  );
  const node = settled();
  const before = fingerprintOf(node.belief, node.now);
  assert.is(node.give(red), 'domain-mismatch');
  assert.is(fingerprintOf(node.belief, node.now), before);
});

tuf('is tried by every case of the suite, and by those that it lacks', () => {
  const texts = ['tuf-conformance', 'tuf-keys', 'tuf-beyond']
    .map((name) => readFileSync(join(ROOT, 'test/federation', `${name}.test.ts`), 'utf8'))
    .join('');
  const untried = [...TUF_CASES, ...BEYOND_TUF].filter(
    (name) => !texts.includes(`'${name}`) && !texts.includes(`\`${name}`),
  );
  assert.equal(untried, []);
});

tuf.run();
