/**
 * Leases: the domain's word that a key is a node of its own, until a date (PROTOCOL §7.2).
 *
 * A lease is signed by the documents role of the newest Root and is no content document: no
 * manifest pins it, nobody but its holder stores it, and it travels inside proofs (`peer-proof.ts`)
 * and grants. What it says is what its holder may read and be: the group whose entries it serves,
 * the kind of identities it may give out, and the assurance that the authority judged it by.
 */

import { toBase64Url } from '../core/bytes.ts';
import type { JsonObject } from '../core/canonical.ts';
import type { Digest } from '../core/digest.ts';
import { readOnce } from '../core/read-once.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import {
  ED25519_KEY_BYTES,
  type KeyId,
  keyIdOf,
  ML_DSA_65_KEY_BYTES,
  type PublicPair,
  type Signer,
  type Suite,
} from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import { ASSURANCES, type Assurance } from './assurance.ts';
import { type Belief, isDisowned, newestRoot } from './belief.ts';
import { readGroup } from './document.ts';
import { signEnvelope, type UnverifiedEnvelope, verifyEnvelope } from './envelope.ts';
import type { Members } from './members.ts';
import { checkMust } from './must.ts';
import { revocationOf } from './revocations.ts';
import { LEASE_KINDS, type LeaseKind } from './root.ts';

/** What a lease says of its holder, beside the key. */
export interface LeaseTerms {
  readonly domain: TrustDomain;
  readonly kind: LeaseKind;
  readonly assurance: Assurance;
  /** The holder reads `entries/<group>`; an authority reads every group. */
  readonly group: string;
  readonly isAuthority: boolean;
  /** SHA-256 of the attestation key's TPM name; null where no chip was shown. */
  readonly chip: Digest | null;
  /** The `references` that the boot was judged by; null where there were none. */
  readonly references: Digest | null;
  readonly issuedAt: UnixMs;
  readonly notAfter: UnixMs;
}

/** A lease as read: the domain's word that `publicPair` is its node's until `notAfter`. */
export interface Lease extends LeaseTerms {
  readonly node: KeyId;
  readonly publicPair: PublicPair;
}

const KNOWN = new Set([
  ...['assurance', 'authority', 'chip', 'domain', 'group', 'issuedAt', 'key', 'kind', 'must'],
  ...['node', 'notAfter', 'references', 'type'],
]);

/** Which groups' entries a node reads of its own domain (PROTOCOL §6.4). */
export type GroupScope = 'every' | 'none' | { readonly group: string };

/** What the holder of a lease reads of its own domain. */
export function scopeOf({ isAuthority, group }: LeaseTerms): GroupScope {
  return isAuthority ? 'every' : { group };
}

/** Issues a lease for a node key: the bytes of its envelope, signed by the documents key. */
export function signLease(documents: Signer, node: PublicPair, terms: LeaseTerms): Uint8Array {
  const { isAuthority, issuedAt, notAfter, ...members } = terms;
  const body = {
    ...members,
    authority: isAuthority,
    node: keyIdOf(node),
    key: encodePublicPair(node),
    issuedAt: String(issuedAt),
    notAfter: String(notAfter),
  };
  return signEnvelope('lease', body, [documents]);
}

/** Reads a lease's payload. Refuses `document-type`, `document-malformed` and `document-must`. */
export const readLease = readOnce(readMembers);

function readMembers(envelope: UnverifiedEnvelope): Lease {
  if (envelope.type !== 'lease') throw new Refusal('document-type', { got: envelope.type });
  const { members } = envelope;
  checkMust(members, KNOWN);
  const publicPair = readPublicPair(members);
  const node = members.digest('node');
  if (keyIdOf(publicPair) !== node) members.refuse('node');
  const assurance = ASSURANCES.find((known) => known === members.value('assurance'));
  return {
    domain: envelope.domain,
    node,
    publicPair,
    kind: readLeaseKind(members),
    assurance: assurance ?? members.refuse('assurance'),
    group: readGroup(members),
    isAuthority: members.flag('authority'),
    chip: members.digestOrNull('chip'),
    references: members.digestOrNull('references'),
    issuedAt: members.time('issuedAt'),
    notAfter: members.time('notAfter'),
  };
}

/** The member `key` of a lease and of whatever else names a node's key. */
export function encodePublicPair({ ed25519, mlDsa65 }: PublicPair): JsonObject {
  return { ed25519: toBase64Url(ed25519), mlDsa65: toBase64Url(mlDsa65) };
}

/** Reads the member `key`. Refuses `document-malformed`. */
export function readPublicPair(members: Members): PublicPair {
  const key = members.object('key');
  return {
    ed25519: key.bytes('ed25519', ED25519_KEY_BYTES),
    mlDsa65: key.bytes('mlDsa65', ML_DSA_65_KEY_BYTES),
  };
}

/** Reads the member `kind`. Refuses `document-malformed`. */
export function readLeaseKind(members: Members): LeaseKind {
  const kind = LEASE_KINDS.find((known) => known === members.value('kind'));
  return kind ?? members.refuse('kind');
}

/**
 * Verifies a lease by what we believe of its domain: signed by the documents role of the newest
 * Root, not ended at `clock`, of a kind that Root allows, and neither the node nor the key that
 * vouches for it revoked. Refuses `root-unknown`, `lease-expired`, `lease-kind`, `lease-revoked`
 * and as `verifyEnvelope` does.
 */
export function verifyLease(
  suite: Suite,
  envelope: UnverifiedEnvelope,
  belief: Belief,
  clock: UnixMs,
): Lease {
  const lease = readLease(envelope);
  checkLease(lease, belief, clock);
  // PROTOCOL §5.5 — whatever a revoked key vouches for.
  if (envelope.slots.some(({ keyId }) => isDisowned(belief, keyId))) {
    throw new Refusal('lease-revoked', { domain: lease.domain, why: 'its signer is revoked' });
  }
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain: lease.domain });
  verifyEnvelope(suite, envelope, root.documents);
  return lease;
}

/** Checks what may change in the life of a verified lease. Refuses as `verifyLease`. */
export function checkLease(lease: Lease, belief: Belief, clock: UnixMs): void {
  const { domain, kind, node, notAfter } = lease;
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain });
  if (notAfter <= clock) throw new Refusal('lease-expired', { notAfter, now: clock });
  // PROTOCOL §7.2 — a kind of lease that Root does not allow is no lease.
  if (!root.leaseKinds.includes(kind)) throw new Refusal('lease-kind', { domain, kind });
  // PROTOCOL §5.5 — a captured node.
  if (revocationOf(belief.revocations, { class: 'lease', target: node }) !== undefined) {
    throw new Refusal('lease-revoked', { domain, node });
  }
}
