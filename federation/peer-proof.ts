/**
 * How a node proves, inside the handshake, that it belongs to a related domain (PROTOCOL §6.2).
 *
 *     proof = u32 len(lease) ‖ lease envelope ‖ signature pair 3373
 *           | u32 0                                    a guest's (PROTOCOL §6.3)
 *
 * The lease is the domain's word that this node key is its node until notAfter; the pair is the
 * node's over "holdfast/admit/v1\0" ‖ u8 role ‖ handshake hash ‖ lease digest, so that a proof is
 * good for one side of one handshake and for nothing else.
 */

import {
  Writer as BytesWriter,
  concat,
  equalBytes,
  fromHex,
  Reader,
  toUtf8,
} from '../core/bytes.ts';
import { ADMISSION_BYTES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { SIGNATURE_PAIR_BYTES, type Signer, type Suite } from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import type { Belief } from './belief.ts';
import { decodeEnvelope, type UnverifiedEnvelope } from './envelope.ts';
import { type Lease, readLease, verifyLease } from './lease.ts';

/** Which side of the handshake proves itself. */
export type ProverRole = 'initiator' | 'responder';

const ADMIT_CONTEXT = 'holdfast/admit/v1';
const ADMIT_LABEL = toUtf8(`${ADMIT_CONTEXT}\0`);
const ROLE_CODES = { initiator: 0, responder: 1 } as const;
/** Our proof for one side of one handshake. */
export function makeProof(
  node: Signer,
  lease: Uint8Array,
  role: ProverRole,
  handshakeHash: Uint8Array,
): Uint8Array {
  const message = proofMessage(role, handshakeHash, decodeEnvelope(lease).digest);
  const length = new BytesWriter().u32(lease.length).finish();
  return concat(length, lease, node.sign(message, ADMIT_CONTEXT));
}

/** The proof of whoever holds no lease: a lease of no bytes, and nothing after it. */
export const GUEST_PROOF: Uint8Array = new BytesWriter().u32(0).finish();

/** True for the proof that proves nothing, and says so. */
export function isGuestProof(bytes: Uint8Array): boolean {
  return equalBytes(bytes, GUEST_PROOF);
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
 * Verifies a proof against what we believe of the domain it names: a lease in force on our least
 * favourable clock, and the signature of its node over this very handshake. Refuses as
 * `verifyLease` does, and `peer-unadmitted`.
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
  const { envelope, signature } = proof;
  const lease = verifyLease(suite, envelope, belief, channel.clock);
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
