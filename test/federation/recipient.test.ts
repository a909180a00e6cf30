/** Recipients of a courier file, and what it holds for them (PROTOCOL §6.8). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { KEM_KEY_BYTES } from '../../core/hybrid-kem.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import { decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import { signEnvelope } from '../../federation/envelope.ts';
import type { Draft } from '../../federation/input.ts';
import { decodeRecipient } from '../../federation/recipient.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { STRANGER } from './forge.ts';

const recipients = suite('federation/recipient');

const KEY = new Uint8Array(KEM_KEY_BYTES).fill(7);
const GATE: Draft = {
  ...{ type: 'entries', name: 'entries/gate', body: { group: 'gate', entries: [] } },
};

/** An authority with entries of two groups and a partner, and a member that serves one group. */
function domain() {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const red = world.add({ name: 'red' });
  world.advance(500);
  world.befriend(blue, red);
  blue.publish([GATE]);
  world.advance(1_000);
  const member = world.add({ name: 'box', memberOf: 'blue' });
  member.takeGrant(blue, { group: 'gate' });
  return { blue, red, member };
}

const fileOf = (machine: Machine): string => machine.node.recipient(machine.now, KEY);

const labels = (file: string): readonly string[] =>
  decodeBlocks(toUtf8(file)).map(({ label }) => label);

function part(blue: Machine, about: Machine, ...to: readonly string[]): readonly string[] {
  return labels(blue.node.courierPart(blue.now, about.domain, to));
}

recipients('are told by their own node, beside its lease', () => {
  const { member } = domain();
  const file = fileOf(member);
  assert.equal(labels(file), ['lease', 'recipient']);
  const { node, key } = decodeRecipient(file);
  assert.is(node, member.keys.node.keyId);
  assert.equal(key, KEY);
});

recipients('read what their lease lets them, of their own domain alone', () => {
  const { blue, red, member } = domain();
  const mine = part(blue, blue, fileOf(member));
  assert.is(mine.filter((label) => label === 'entries').length, 1);
  assert.ok(mine.includes('policy'));
  const ours = part(blue, blue, fileOf(blue));
  assert.is(ours.filter((label) => label === 'entries').length, 2);
  assert.equal(part(blue, blue, fileOf(blue), fileOf(member)), mine, 'what both of them may');
  for (const public_ of [part(blue, blue), part(blue, red, fileOf(blue))]) {
    assert.not.ok(public_.includes('entries') || public_.includes('policy'));
    assert.ok(public_.includes('bundle'));
  }
});

recipients('are nodes of our own domain, with a lease in force', () => {
  const { blue, red, member } = domain();
  refuses('domain-mismatch', () => part(blue, blue, fileOf(red)));
  const file = fileOf(member);
  const notAfter = unixMs(blue.wallMs + DAY_MS);
  blue.revoke({ class: 'lease', target: member.keys.node.keyId, notAfter });
  refuses('lease-revoked', () => part(blue, blue, file));
  const { wall, boot } = blue.now;
  const later = { wall: unixMs(wall + 400 * DAY_MS), boot };
  refuses('lease-expired', () => blue.node.courierPart(later, blue.domain, [fileOf(blue)]));
});

recipients('whose file is another than one node’s lease and word are refused', () => {
  const { blue, member } = domain();
  const [lease, said] = decodeBlocks(toUtf8(fileOf(member)));
  assert.ok(lease && said);
  const text = (...blocks: readonly { label: string; bytes: Uint8Array }[]): string =>
    blocks.map(({ label, bytes }) => encodeBlock(label, bytes)).join('');
  refuses('document-type', () => decodeRecipient(text(lease)));
  refuses('document-type', () => decodeRecipient(text(said, lease)));
  refuses('document-type', () => decodeRecipient(text(lease, { ...lease, label: 'recipient' })));
  const [ofBlue] = decodeBlocks(toUtf8(fileOf(blue)));
  assert.ok(ofBlue);
  refuses('lease-key', () => decodeRecipient(text(ofBlue, said)));
  const body = { domain: blue.domain, node: member.keys.node.keyId, key: 'AAAA' };
  const short = { label: 'recipient', bytes: signEnvelope('recipient', body, [STRANGER]) };
  refuses('document-malformed', () => decodeRecipient(text(lease, short)));
  const key = toBase64Url(KEY);
  const bytes = signEnvelope('recipient', { ...body, key }, [STRANGER]);
  const forged = text(lease, { label: 'recipient', bytes });
  refuses('signer-unknown', () => part(blue, blue, forged));
});

recipients('are no documents that a file could bring', () => {
  const { blue, member } = domain();
  const outcomes = blue.node.preview(blue.now, toUtf8(fileOf(member))).outcomes;
  const codes = outcomes.map(({ outcome }) => (outcome === 'admitted' ? outcome : outcome.code));
  assert.equal(codes, ['document-type', 'document-type']);
});

recipients.run();
