/**
 * How a node proves, inside the handshake, that it belongs to a related domain (PROTOCOL §6.2).
 *
 *     proof = u32 len(lease) ‖ lease envelope ‖ signature pair 3373
 *
 * The lease is the domain's word that this node key is its node until notAfter; the pair is the
 * node's over "holdfast/admit/v1\0" ‖ u8 role ‖ handshake hash ‖ lease digest, so that a proof is
 * good for one side of one handshake and for nothing else.
 */

import { Writer as BytesWriter, fromHex, Reader, toBase64Url, toUtf8 } from '../core/bytes.ts';
import { ADMISSION_BYTES_MAX, LEASE_FOR_MS } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import {
  ED25519_KEY_BYTES,
  type KeyId,
  keyIdOf,
  ML_DSA_65_KEY_BYTES,
  type PublicPair,
  SIGNATURE_PAIR_BYTES,
  type Signer,
  type Suite,
} from '../core/suite.ts';
import { addMs, type UnixMs } from '../core/time.ts';
import { ASSURANCES, type Assurance } from './assurance.ts';
import { type Belief, isDisowned, newestRoot } from './belief.ts';
import {
  decodeEnvelope,
  signEnvelope,
  type UnverifiedEnvelope,
  verifyEnvelope,
} from './envelope.ts';
import { checkMust } from './must.ts';
import { revocationOf } from './revocations.ts';
import { LEASE_KINDS, type LeaseKind } from './root.ts';

/** Which side of the handshake proves itself. */
export type ProverRole = 'initiator' | 'responder';

/** A lease as read: the domain's word that a key is its node's until `notAfter`. */
export interface Lease {
  readonly domain: TrustDomain;
  readonly node: KeyId;
  readonly publicPair: PublicPair;
  readonly kind: LeaseKind;
  readonly assurance: Assurance;
  readonly issuedAt: UnixMs;
  readonly notAfter: UnixMs;
}

const ADMIT_CONTEXT = 'holdfast/admit/v1';
const ADMIT_LABEL = toUtf8(`${ADMIT_CONTEXT}\0`);
const ROLE_CODES = { initiator: 0, responder: 1 } as const;
const KNOWN = new Set([
  ...['assurance', 'domain', 'issuedAt', 'key', 'kind', 'must', 'node', 'notAfter', 'type'],
]);

/** Issues a lease for a node key, signed by the documents key. */
export function signLease(
  documents: Signer,
  node: PublicPair,
  grant: {
    readonly domain: TrustDomain;
    readonly assurance: Assurance;
    readonly asOf: UnixMs;
  },
): Uint8Array {
  return signEnvelope(
    'lease',
    {
      domain: grant.domain,
      node: keyIdOf(node),
      key: { ed25519: toBase64Url(node.ed25519), mlDsa65: toBase64Url(node.mlDsa65) },
      kind: 'slices',
      assurance: grant.assurance,
      issuedAt: String(grant.asOf),
      notAfter: String(addMs(grant.asOf, LEASE_FOR_MS)),
    },
    [documents],
  );
}

/** Reads a lease's payload. Refuses `document-type`, `document-malformed` and `document-must`. */
export function readLease(envelope: UnverifiedEnvelope): Lease {
  if (envelope.type !== 'lease') throw new Refusal('document-type', { got: envelope.type });
  const { members } = envelope;
  checkMust(members, KNOWN);
  const key = members.object('key');
  const publicPair = {
    ed25519: key.bytes('ed25519', ED25519_KEY_BYTES),
    mlDsa65: key.bytes('mlDsa65', ML_DSA_65_KEY_BYTES),
  };
  const node = members.digest('node');
  if (keyIdOf(publicPair) !== node) members.refuse('node');
  const kind = LEASE_KINDS.find((known) => known === members.value('kind'));
  const assurance = ASSURANCES.find((known) => known === members.value('assurance'));
  return {
    domain: envelope.domain,
    node,
    publicPair,
    kind: kind ?? members.refuse('kind'),
    assurance: assurance ?? members.refuse('assurance'),
    issuedAt: members.time('issuedAt'),
    notAfter: members.time('notAfter'),
  };
}

/** Our proof for one side of one handshake. */
export function makeProof(
  node: Signer,
  lease: Uint8Array,
  role: ProverRole,
  handshakeHash: Uint8Array,
): Uint8Array {
  const message = proofMessage(role, handshakeHash, decodeEnvelope(lease).digest);
  return new BytesWriter()
    .u32(lease.length)
    .raw(lease)
    .raw(node.sign(message, ADMIT_CONTEXT))
    .finish();
}

/** What a proof claims, before anything in it is verified. */
export interface UnverifiedProof {
  readonly envelope: UnverifiedEnvelope;
  readonly lease: Lease;
  readonly signature: Uint8Array;
}

/** Decodes a proof. Refuses `too-large`, framing codes and those of `readLease`. */
export function decodeProof(bytes: Uint8Array): UnverifiedProof {
  if (bytes.length > ADMISSION_BYTES_MAX) {
    throw new Refusal('too-large', { limit: ADMISSION_BYTES_MAX, got: bytes.length });
  }
  const reader = new Reader(bytes);
  const envelope = decodeEnvelope(reader.take(reader.u32()));
  const signature = reader.take(SIGNATURE_PAIR_BYTES);
  reader.end();
  return { envelope, lease: readLease(envelope), signature };
}

/**
 * Verifies a proof against what we believe of the domain it names. The lease must be signed by the
 * documents role of the newest Root, must not have ended on our least favourable clock, and the
 * node must have signed this very handshake. Refuses `root-unknown`, `lease-expired`,
 * `peer-unadmitted` and the codes of `verifyEnvelope`.
 */
export function verifyProof(
  suite: Suite,
  proof: UnverifiedProof,
  belief: Belief,
  channel: {
    readonly role: ProverRole;
    readonly handshakeHash: Uint8Array;
    readonly clock: UnixMs;
  },
): Lease {
  const { envelope, lease, signature } = proof;
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain: lease.domain });
  if (lease.notAfter <= channel.clock) {
    throw new Refusal('lease-expired', { notAfter: lease.notAfter, now: channel.clock });
  }
  // PROTOCOL §7.2 — a kind of lease that Root does not allow is no lease.
  if (!root.leaseKinds.includes(lease.kind)) {
    throw new Refusal('peer-unadmitted', { domain: lease.domain, why: `kind ${lease.kind}` });
  }
  // PROTOCOL §5.5 — a captured node, or whatever a revoked key vouches for.
  const isRevoked = revocationOf(belief.revocations, { class: 'lease', target: lease.node });
  const isDisownedBy = envelope.slots.some(({ keyId }) => isDisowned(belief, keyId));
  if (isRevoked !== undefined || isDisownedBy) {
    throw new Refusal('peer-unadmitted', { domain: lease.domain, why: 'revoked' });
  }
  verifyEnvelope(suite, envelope, root.documents);
  const message = proofMessage(channel.role, channel.handshakeHash, envelope.digest);
  const { publicPair } = lease;
  if (!suite.verify({ publicPair, message, context: ADMIT_CONTEXT, signature })) {
    throw new Refusal('peer-unadmitted', { domain: lease.domain, why: 'signature' });
  }
  return lease;
}

function proofMessage(role: ProverRole, handshakeHash: Uint8Array, lease: string): Uint8Array {
  return new BytesWriter()
    .raw(ADMIT_LABEL)
    .u8(ROLE_CODES[role])
    .raw(handshakeHash)
    .raw(fromHex(lease))
    .finish();
}
