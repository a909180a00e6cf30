/** Who speaks: rotation while a writer runs, stolen keys, and a standby that takes over. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../core/refusal.ts';
import { unixMs } from '../../core/time.ts';
import { signerOf } from '../fakes/coalition.ts';
import {
  authorityTarget,
  believed,
  ceremony,
  pair,
  STANDBY_DOCUMENTS,
  withStandby,
} from './takeover-rig.ts';

const takeover = suite('federation/takeover');

const [NEW_BEACON, NEW_DOCUMENTS] = [signerOf('made/beacon'), signerOf('made/documents')] as const;

takeover('rotates beacon and documents keys of a writer that runs, and loses no epoch', () => {
  const { coalition, blue, red } = pair();
  const before = red.view(blue.domain);
  for (const key of [NEW_BEACON, NEW_DOCUMENTS]) blue.input({ kind: 'key', key });
  ceremony(
    blue,
    blue,
    { kind: 'add', role: 'documents', key: NEW_DOCUMENTS.publicPair },
    { kind: 'retire', keyId: blue.keys.documents.keyId },
    { kind: 'rotate', key: NEW_BEACON.publicPair },
  );
  coalition.advance(1_000);
  const after = red.view(blue.domain);
  assert.equal([after.rootVersion, after.rank, after.standing.tier], [2n, 2, 'FRESH']);
  assert.is(after.epoch, before.epoch + 1n);
  assert.ok(after.isComplete);
  assert.is(after.documents.get('bundle')?.tier, 'FRESH');
  const own = believed(blue);
  for (const held of own.documents.values()) assert.is(held.signedBy, NEW_DOCUMENTS.keyId);
  assert.is(own.beacon?.signedBy, NEW_BEACON.keyId);
  coalition.advance(20_000);
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  assert.equal([red.banned, blue.banned, red.alarms, blue.alarms], [[], [], [], []]);
});

takeover('signs anew what a compromised documents key had signed, a crash between included', () => {
  const { coalition, blue, red } = pair();
  blue.input({ kind: 'key', key: NEW_DOCUMENTS });
  blue.drawsLate = true;
  ceremony(
    blue,
    blue,
    { kind: 'add', role: 'documents', key: NEW_DOCUMENTS.publicPair },
    { kind: 'compromise', keyId: blue.keys.documents.keyId },
  );
  assert.is(believed(blue).documents.size, 0);
  blue.drawsLate = false;
  const keys = [blue.keys.beacon[0], NEW_DOCUMENTS, ...blue.keys.revocation];
  Object.assign(blue.options, { roleKeys: keys });
  coalition.revive(blue, red);
  coalition.advance(8_000);
  const own = believed(blue);
  assert.equal([...own.documents.values()].map(({ head }) => head.name).sort(), [
    'bundle',
    'entries/default',
    'policy',
  ]);
  assert.not.ok([...blue.records.keys()].some((key) => key.endsWith('/drafts')));
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  const seen = red.view(blue.domain);
  assert.equal([seen.standing.tier, seen.documents.get('bundle')?.tier], ['FRESH', 'FRESH']);
});

takeover('leaves nobody behind who missed two Roots, the second about the key of the first', () => {
  const { coalition, blue, red } = pair();
  for (const key of [NEW_DOCUMENTS, STANDBY_DOCUMENTS]) blue.input({ kind: 'key', key });
  coalition.cut(blue, red);
  ceremony(
    blue,
    blue,
    { kind: 'add', role: 'documents', key: NEW_DOCUMENTS.publicPair },
    { kind: 'retire', keyId: blue.keys.documents.keyId },
  );
  coalition.advance(2_000);
  ceremony(
    blue,
    blue,
    { kind: 'add', role: 'documents', key: STANDBY_DOCUMENTS.publicPair },
    { kind: 'compromise', keyId: NEW_DOCUMENTS.keyId },
  );
  coalition.advance(2_000);
  coalition.link(blue, red);
  coalition.advance(2_000);
  const seen = red.view(blue.domain);
  assert.equal([seen.rootVersion, seen.isComplete], [3n, true]);
  assert.equal([seen.standing.tier, seen.documents.get('bundle')?.tier], ['FRESH', 'FRESH']);
});

takeover('falls silent without a key that Root names, and speaks once it has one', () => {
  const { coalition, blue, red } = pair();
  ceremony(blue, blue, { kind: 'rotate', key: NEW_BEACON.publicPair });
  coalition.advance(15_000);
  assert.is.not(red.view(blue.domain).standing.tier, 'FRESH');
  const refused = blue.replies.get(blue.publish([]));
  assert.is(refused instanceof Refusal ? refused.code : 'taken', 'not-writer');
  blue.input({ kind: 'key', key: NEW_BEACON });
  coalition.advance(2_000);
  assert.equal([red.view(blue.domain).standing.tier, red.view(blue.domain).rank], ['FRESH', 2]);
});

takeover('leaves a standby silent until every lower rank is disowned, then it writes', () => {
  const { coalition, blue, red, standby } = withStandby();
  assert.is(standby.view().epoch, blue.view().epoch);
  assert.is(standby.view().documents.size, 3);
  const refused = standby.replies.get(standby.publish([]));
  assert.is(refused instanceof Refusal ? refused.code : 'taken', 'not-writer');
  const before = blue.view();
  // Headquarters burns down; the keys that revoke lie elsewhere too.
  coalition.cut(blue, standby);
  coalition.cut(blue, red);
  coalition.advance(15_000);
  assert.is.not(red.view(blue.domain).standing.tier, 'FRESH');
  standby.revoke(authorityTarget(blue.keys.beacon[0]));
  coalition.advance(2_000);
  const seen = red.view(blue.domain);
  assert.equal([seen.standing.tier, seen.rank, seen.isComplete], ['FRESH', 2, true]);
  assert.ok(
    (seen.documents.get('bundle')?.version ?? 0n) > (before.documents.get('bundle')?.version ?? 0n),
  );
  assert.is(standby.view().documents.size, 3);
  assert.ok(standby.node.policy.relations.has(red.domain));
});

takeover('ends a fork of two ranks with the higher one, and keeps what both revoked', () => {
  const { coalition, blue, red, standby } = withStandby();
  coalition.cut(blue, standby);
  coalition.cut(blue, red);
  const leaf = { class: 'leaf', notAfter: unixMs(coalition.nowMs + 900_000) } as const;
  standby.revoke(authorityTarget(blue.keys.beacon[0]), { ...leaf, target: '0a' });
  const body = { group: 'extra', entries: [] };
  blue.publish([{ type: 'entries', name: 'entries/extra', body }]);
  blue.revoke({ ...leaf, target: '0b' });
  // The loser starts again: its numbers are above those of the winner, and do not help it.
  coalition.advance(3_000);
  blue.restart();
  coalition.advance(3_000);
  assert.is(blue.view().rank, 0);
  coalition.link(blue, standby);
  coalition.link(blue, red);
  coalition.advance(40_000);
  for (const machine of [blue, red, standby]) {
    const seen = machine.view(blue.domain);
    assert.equal([seen.rank, seen.standing.tier, seen.isComplete], [2, 'FRESH', true]);
    const revoked = [...seen.revocations.union.keys()].filter((key) => key.startsWith('leaf'));
    assert.equal(revoked, ['leaf/0a', 'leaf/0b']);
    assert.equal(machine.banned, []);
  }
  const late = blue.replies.get(blue.publish([]));
  assert.is(late instanceof Refusal ? late.code : 'taken', 'key-revoked');
  const fork = blue.alarms.find((alarm) => alarm.kind === 'alarm' && alarm.code === 'fork');
  assert.ok(fork?.kind === 'alarm');
  assert.is(fork.details.names, 'entries/extra');
});

takeover.run();
