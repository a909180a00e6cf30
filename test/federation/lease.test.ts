/** Leases: what they say, who may say it, and what a member of a domain does by one. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { digestOf, sha256 } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import type { Answer } from '../../federation/effect.ts';
import { decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import type { Draft } from '../../federation/input.ts';
import { type Lease, readLease, signLease, verifyLease } from '../../federation/lease.ts';
import { GUEST_PROOF } from '../../federation/peer-proof.ts';
import { leaseTerms } from '../fakes/admitted.ts';
import { Coalition, INITIAL, type Machine, SUITE } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { settled } from './climber.ts';
import { DOMAIN, KEYS, NOW, STRANGER } from './forge.ts';

const leases = suite('federation/lease');

/** The digest of a Root that nobody made. */
const NO_ROOT = digestOf(toUtf8('nobody'));
const HASH = sha256(toUtf8('handshake'));
const TERMS = leaseTerms({
  ...{ domain: DOMAIN, group: 'gate', isAuthority: false },
  ...{ issuedAt: unixMs(NOW), notAfter: unixMs(NOW + DAY_MS) },
});

const GATE: Draft = {
  ...{ type: 'entries', name: 'entries/gate', body: { group: 'gate', entries: [] } },
};

function verified(bytes: Uint8Array, clock = NOW): Lease {
  return verifyLease(SUITE, decodeEnvelope(bytes), settled().belief, unixMs(clock));
}

/** An authority with entries of two groups, and members of it; all of them linked. */
function domain(...groups: readonly string[]) {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  blue.publish([GATE]);
  world.advance(1_000);
  const members = groups.map((group, i) => {
    const member = world.add({ name: `box-${i}`, memberOf: 'blue' });
    member.takeGrant(blue, { group });
    return member;
  });
  return { world, blue, members };
}

const codeOf = (reply: Answer | Refusal): string | null =>
  reply instanceof Refusal ? reply.code : null;

const namesHeldBy = (machine: Machine): readonly string[] =>
  [...machine.view().documents.keys()].sort();

leases('say who their node is, what it reads and what it was judged by', () => {
  const lease = verified(signLease(KEYS.documents, KEYS.node.publicPair, TERMS));
  const { node, publicPair: _, ...said } = lease;
  assert.is(node, KEYS.node.keyId);
  assert.equal(said, TERMS);
});

leases('whose members are not in order are refused', () => {
  const bytes = signLease(KEYS.documents, KEYS.node.publicPair, TERMS);
  const good: JsonObject = decodeEnvelope(bytes).members.json();
  const read = (members: JsonObject) => (): Lease =>
    readLease(decodeEnvelope(signEnvelope('lease', { ...good, ...members }, [KEYS.documents])));
  assert.is(read({})().group, 'gate');
  for (const group of ['', '-gate', 'Gate', 'a/b', 'x'.repeat(64)]) {
    refuses('document-malformed', read({ group }), group);
  }
  refuses('document-malformed', read({ authority: 'yes' }));
  refuses('document-malformed', read({ chip: 'ab' }));
  refuses('document-malformed', read({ kind: 'everything' }));
  refuses('document-must', read({ must: ['novelty'] }));
});

leases('are signed by the documents role, of a kind that Root allows, and end', () => {
  const by = (signer = KEYS.documents, kind: Lease['kind'] = 'slices') =>
    signLease(signer, KEYS.node.publicPair, { ...TERMS, kind });
  refuses('signer-unknown', () => verified(by(STRANGER)));
  refuses('lease-kind', () => verified(by(KEYS.documents, 'cell')));
  verified(by(), NOW + DAY_MS - 1);
  refuses('lease-expired', () => verified(by(), NOW + DAY_MS));
});

leases('are proved with by their holder, and by nobody before a grant', () => {
  const { world, blue, members } = domain('gate');
  const [member] = members;
  assert.ok(member);
  const bare = world.add({ name: 'bare', memberOf: 'blue' });
  refuses('not-enrolled', () => bare.node.lease(bare.now));
  assert.equal(bare.node.prove(bare.now, 'initiator', HASH), GUEST_PROOF);
  assert.equal(bare.node.view(bare.now), []);
  const proof = member.node.prove(member.now, 'initiator', HASH);
  const judged = blue.node.judgePeer(blue.now, 'initiator', HASH, proof);
  assert.is(judged.node, member.keys.node.keyId);
  assert.is(judged.group, 'gate');
  assert.not.ok(judged.isAuthority);
});

leases('are shown to partners exactly as the authority shows its own', () => {
  const { world, blue, members } = domain('gate');
  const [member] = members;
  assert.ok(member);
  const red = world.add({ name: 'red' });
  world.advance(500);
  world.befriend(blue, red);
  world.link(blue, member);
  world.advance(1_000);
  const proof = member.node.prove(member.now, 'initiator', HASH);
  assert.is(red.node.judgePeer(red.now, 'initiator', HASH, proof).domain, blue.domain);
  const answer = red.node.prove(red.now, 'responder', HASH);
  assert.is(member.node.judgePeer(member.now, 'responder', HASH, answer).domain, red.domain);
});

leases('let a member hold the entries of its group and of no other', () => {
  const { world, blue, members } = domain('gate', 'default', 'gate');
  const [gate, other, third] = members;
  assert.ok(gate && other && third);
  const mine = ['bundle', 'entries/gate', 'policy'];
  assert.equal(namesHeldBy(gate), mine);
  for (const [a, b] of [
    [blue, gate],
    [gate, other],
    [gate, third],
    [other, third],
  ] as const) {
    world.link(a, b);
  }
  blue.publish(INITIAL);
  blue.publish([GATE]);
  world.advance(40_000);
  assert.equal(namesHeldBy(gate), mine);
  assert.equal(namesHeldBy(other), ['bundle', 'entries/default', 'policy']);
  assert.equal(namesHeldBy(third), mine);
  const version = (machine: Machine, name: string) => machine.view().documents.get(name)?.version;
  // What comes by way of another node of the group is as new as at its source.
  assert.is(version(third, 'entries/gate'), version(blue, 'entries/gate'));
  assert.is(version(other, 'bundle'), version(blue, 'bundle'));
});

leases('outlive a restart of their holder, and end by themselves', () => {
  const { world, members } = domain('gate');
  const [member] = members;
  assert.ok(member);
  member.restart();
  const { notAfter } = member.node.lease(member.now);
  world.advance(notAfter - member.wallMs - 1);
  member.node.lease(member.now);
  world.advance(1);
  refuses('lease-expired', () => member.node.lease(member.now));
  assert.is(member.node.heldLease(member.now)?.notAfter, notAfter);
});

leases('end with the revocation of their node, once it is known', () => {
  const { world, blue, members } = domain('gate');
  const [member] = members;
  assert.ok(member);
  world.link(blue, member);
  const target = member.keys.node.keyId;
  blue.revoke({ class: 'lease', target, notAfter: unixMs(blue.wallMs + DAY_MS) });
  world.settle();
  refuses('lease-revoked', () => member.node.lease(member.now));
  const asked = { kind: 'slices', assurance: 'software', group: 'gate' } as const;
  refuses('lease-revoked', () =>
    blue.node.grant(blue.now, member.keys.node.publicPair, {
      ...asked,
      ...{ chip: null, references: null },
    }),
  );
});

leases('that are of another node, or older than the one held, change nothing', () => {
  const { world, blue, members } = domain('gate', 'gate');
  const [member, neighbour] = members;
  assert.ok(member && neighbour);
  const { firstRoot } = blue.view();
  const terms = { kind: 'slices', assurance: 'software', chip: null, references: null } as const;
  const grantFor = (machine: Machine) => {
    const pair = machine.keys.node.publicPair;
    const { lease, file } = blue.node.grant(blue.now, pair, { ...terms, group: 'other' });
    return { firstRoot, file: toUtf8(file), lease };
  };
  const early = grantFor(member);
  world.advance(5_000);
  assert.equal(codeOf(member.install(grantFor(neighbour))), 'lease-key');
  assert.equal(codeOf(member.takeGrant(blue, { group: 'gate' })), null);
  assert.equal(codeOf(member.install(early)), 'lease-older');
  assert.equal(codeOf(member.install({ ...early, firstRoot: NO_ROOT })), 'root-conflict');
  assert.is(member.node.lease(member.now).group, 'gate');
  assert.equal(codeOf(blue.install(early)), 'not-member');
});

leases('of a domain that was pinned otherwise make nothing known', () => {
  const { world, blue } = domain();
  const bare = world.add({ name: 'bare', memberOf: 'blue' });
  const terms = { kind: 'slices', assurance: 'software', chip: null, references: null } as const;
  const pair = bare.keys.node.publicPair;
  const { lease, file } = blue.node.grant(blue.now, pair, { ...terms, group: 'gate' });
  const grant = { firstRoot: NO_ROOT, file: toUtf8(file), lease };
  assert.equal(codeOf(bare.install(grant)), 'root-conflict');
  assert.is(bare.records.size, 0);
  refuses('not-enrolled', () => bare.node.lease(bare.now));
});

leases('are granted by an authority alone, and only of a kind that Root allows', () => {
  const { blue, members } = domain('gate');
  const [member] = members;
  assert.ok(member);
  const pair = member.keys.node.publicPair;
  const terms = { assurance: 'software', group: 'gate', chip: null, references: null } as const;
  refuses('not-authority', () => member.node.grant(member.now, pair, { ...terms, kind: 'slices' }));
  refuses('lease-kind', () => blue.node.grant(blue.now, pair, { ...terms, kind: 'domain' }));
});

leases.run();
