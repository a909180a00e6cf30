/** Proofs inside the handshake: one side, one handshake, one current lease (PROTOCOL §6.2). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toBase64Url, toUtf8, Writer } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { sha256 } from '../../core/digest.ts';
import { ADMISSION_BYTES_MAX, LEASE_FOR_MS } from '../../core/limits.ts';
import type { Signer } from '../../core/suite.ts';
import { unixMs } from '../../core/time.ts';
import { newBelief } from '../../federation/belief.ts';
import { decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { type Lease, readLease, signLease } from '../../federation/lease.ts';
import {
  decodeProof,
  makeProof,
  type ProverRole,
  verifyProof,
} from '../../federation/peer-proof.ts';
import { leaseTerms } from '../fakes/admitted.ts';
import { Coalition, SUITE } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { settled } from './climber.ts';
import { CONTENTS, DOMAIN, FOUNDED, forgeRoot, KEYS, NOW, STRANGER } from './forge.ts';

const proofs = suite('federation/peer-proof');

const HASH = sha256(toUtf8('handshake'));
const GRANT = leaseTerms({
  ...{ domain: DOMAIN, issuedAt: unixMs(NOW), notAfter: unixMs(NOW + LEASE_FOR_MS) },
});
const LEASE = signLease(KEYS.documents, KEYS.node.publicPair, GRANT);
const BELIEF = settled().belief;

function judge(
  bytes: Uint8Array,
  channel: { role?: ProverRole; handshakeHash?: Uint8Array; clock?: number } = {},
): Lease {
  return verifyProof(SUITE, decodeProof(bytes), BELIEF, {
    role: channel.role ?? 'initiator',
    handshakeHash: channel.handshakeHash ?? HASH,
    clock: unixMs(channel.clock ?? NOW),
  });
}

const proof = makeProof(KEYS.node, LEASE, 'initiator', HASH);

proofs('admit a node that shows a current lease and signs this handshake', () => {
  const lease = judge(proof);
  assert.is(lease.domain, DOMAIN);
  assert.is(lease.node, KEYS.node.keyId);
  assert.is(lease.assurance, 'software');
  assert.is(lease.notAfter, NOW + LEASE_FOR_MS);
});

proofs('are good for one side of one handshake', () => {
  refuses('peer-unadmitted', () => judge(proof, { role: 'responder' }));
  refuses('peer-unadmitted', () => judge(proof, { handshakeHash: sha256(HASH) }));
});

proofs('by another key than the lease names are none', () => {
  refuses('peer-unadmitted', () => judge(makeProof(STRANGER, LEASE, 'initiator', HASH)));
});

proofs('with a lease that nobody of the domain signed are refused', () => {
  const forged = (signer: Signer): Uint8Array =>
    makeProof(KEYS.node, signLease(signer, KEYS.node.publicPair, GRANT), 'initiator', HASH);
  refuses('signer-unknown', () => judge(forged(STRANGER)));
  refuses('signer-unknown', () => judge(forged(KEYS.beacon[0])));
});

proofs('end with their lease, at the very moment', () => {
  judge(proof, { clock: NOW + LEASE_FOR_MS - 1 });
  refuses('lease-expired', () => judge(proof, { clock: NOW + LEASE_FOR_MS }));
});

proofs('of a domain without a Root cannot be judged', () => {
  const bare = newBelief(DOMAIN, decodeEnvelope(forgeRoot()).digest);
  const channel = { role: 'initiator', handshakeHash: HASH, clock: unixMs(FOUNDED) } as const;
  refuses('root-unknown', () => verifyProof(SUITE, decodeProof(proof), bare, channel));
});

proofs('are refused cut, longer, or too long', () => {
  for (const length of [0, 3, 4, 100, proof.length - 1]) {
    refuses('truncated', () => decodeProof(proof.subarray(0, length)));
  }
  refuses('trailing-bytes', () => decodeProof(concat(proof, Uint8Array.of(0))));
  const whole = new Uint8Array(ADMISSION_BYTES_MAX + 1);
  refuses('too-large', () => decodeProof(whole));
  refuses('envelope-malformed', () => decodeProof(whole.fill(1, 3, 4).subarray(1)));
});

proofs('show a lease and no other document', () => {
  const other = new Writer().u32(CONTENTS.bundle.length).raw(CONTENTS.bundle);
  refuses('document-type', () => decodeProof(other.raw(new Uint8Array(3_373)).finish()));
});

proofs('show a lease whose members are in order', () => {
  const good: JsonObject = decodeEnvelope(LEASE).members.json();
  const read = (members: JsonObject) => (): Lease =>
    readLease(decodeEnvelope(signEnvelope('lease', { ...good, ...members }, [KEYS.documents])));
  assert.is(read({})().issuedAt, NOW);
  refuses('document-malformed', read({ node: STRANGER.keyId }));
  refuses('document-malformed', read({ assurance: 'excellent' }));
  refuses('document-malformed', read({ notAfter: 5 }));
  refuses('document-must', read({ must: ['novelty'] }));
  const short = { ed25519: toBase64Url(new Uint8Array(31)), mlDsa65: 'AA' };
  refuses('document-malformed', read({ key: short }));
});

proofs('are judged by a node for its own domain and for partners that may peer', () => {
  const world = new Coalition();
  const [blue, red, green] = ['blue', 'red', 'green'].map((name) => world.add({ name }));
  assert.ok(blue && red && green);
  world.befriend(blue, red);
  const made = red.node.prove(red.now, 'initiator', HASH);
  assert.is(blue.node.judgePeer(blue.now, 'initiator', HASH, made).domain, red.domain);
  const own = blue.node.prove(blue.now, 'responder', HASH);
  assert.is(blue.node.judgePeer(blue.now, 'responder', HASH, own).domain, blue.domain);
  const stranger = green.node.prove(green.now, 'initiator', HASH);
  refuses('peer-unadmitted', () => blue.node.judgePeer(blue.now, 'initiator', HASH, stranger));
  blue.unrelate(red.domain);
  world.advance(500);
  refuses('peer-unadmitted', () => blue.node.judgePeer(blue.now, 'initiator', HASH, made));
});

proofs('are renewed at half the life of a lease', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const notAfter = (): number =>
    decodeProof(blue.node.prove(blue.now, 'initiator', HASH)).lease.notAfter;
  const first = notAfter();
  world.advance(5_000);
  assert.is(notAfter(), first);
});

proofs.run();
