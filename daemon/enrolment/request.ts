/**
 * Request: a machine asks to be a node of a domain, under a key pair that it made (PROTOCOL §7.1).
 *
 * It is signed by that pair, which proves that the asker has the key and nothing else. What it
 * shows of a chip is a claim until the challenge is answered.
 */

import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import type { Json, JsonObject } from '../../core/canonical.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import {
  CERTIFICATE_BYTES_MAX,
  ENROL_REQUEST_BYTES_MAX,
  INTERMEDIATES_MAX,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { type KeyId, keyIdOf, type PublicPair, type Signer, type Suite } from '../../core/suite.ts';
import { readGroup } from '../../federation/document.ts';
import { verifyEnvelope } from '../../federation/envelope.ts';
import { encodePublicPair, readLeaseKind, readPublicPair } from '../../federation/lease.ts';
import type { Members } from '../../federation/members.ts';
import { checkMust } from '../../federation/must.ts';
import type { LeaseKind } from '../../federation/root.ts';
import {
  checkPart,
  checkType,
  decodeMessage,
  encodeMessage,
  partOf,
  signMessage,
} from './message.ts';

/** What a machine shows of its chip: public areas (TPMT_PUBLIC), and certificates. */
export interface ShownChip {
  readonly endorsementKey: Uint8Array;
  /** The NV index as it was read; null for a chip without one. */
  readonly endorsementCertificate: Uint8Array | null;
  readonly intermediates: readonly Uint8Array[];
  readonly attestationKey: Uint8Array;
}

/** What is asked for. */
export interface EnrolRequest {
  readonly domain: TrustDomain;
  readonly group: string;
  readonly kind: LeaseKind;
  readonly chip: ShownChip | null;
  /** What the machine asks to issue identities with; opaque here. */
  readonly issuing: Uint8Array;
}

/** A request whose key has signed it. */
export interface VerifiedRequest extends EnrolRequest {
  readonly digest: Digest;
  readonly node: KeyId;
  readonly publicPair: PublicPair;
}

const KNOWN = new Set([
  ...['chip', 'domain', 'group', 'issuing', 'key', 'kind', 'must', 'node', 'nonce', 'type'],
]);
const NONCE_BYTES = 16;
/** A public area passes no TPM's own buffers. */
const PUBLIC_BYTES_MAX = 4_096;

/** Makes a request; the nonce tells it from every other one. */
export function makeRequest(request: EnrolRequest, node: Signer, nonce: Uint8Array): Uint8Array {
  const { domain, group, kind, chip, issuing } = request;
  const body = {
    ...{ domain, group, kind },
    node: node.keyId,
    key: encodePublicPair(node.publicPair),
    nonce: toBase64Url(nonce),
    issuing: digestOf(issuing),
    chip: chip === null ? null : encodeChip(chip),
  };
  return encodeMessage(signMessage('enrol-request', body, node), issuing);
}

/**
 * Reads a request and verifies that its own key signed it. Refuses `too-large`, `document-type`,
 * `document-malformed`, `document-must`, `enrol-part` and `signature-invalid`.
 */
export function verifyRequest(suite: Suite, bytes: Uint8Array): VerifiedRequest {
  if (bytes.length > ENROL_REQUEST_BYTES_MAX) {
    throw new Refusal('too-large', { limit: ENROL_REQUEST_BYTES_MAX, got: bytes.length });
  }
  const message = decodeMessage(bytes);
  checkType(message, 'enrol-request');
  const { envelope } = message;
  const { members, domain, digest } = envelope;
  checkMust(members, KNOWN);
  members.bytes('nonce', NONCE_BYTES);
  const publicPair = readPublicPair(members);
  const node = members.digest('node');
  if (keyIdOf(publicPair) !== node) members.refuse('node');
  const issuing = partOf(message, 0);
  checkPart(issuing, members.digest('issuing'));
  verifyEnvelope(suite, envelope, { keys: new Map([[node, publicPair]]), threshold: 1 });
  return {
    ...{ domain, digest, node, publicPair, issuing },
    group: readGroup(members),
    kind: readLeaseKind(members),
    chip: members.value('chip') === null ? null : readChip(members.object('chip')),
  };
}

function encodeChip(chip: ShownChip): JsonObject {
  const { endorsementKey, endorsementCertificate: certificate, intermediates } = chip;
  return {
    attestationKey: toBase64Url(chip.attestationKey),
    endorsementKey: toBase64Url(endorsementKey),
    endorsementCertificate: certificate === null ? null : toBase64Url(certificate),
    intermediates: intermediates.map((der) => toBase64Url(der)),
  };
}

function readChip(chip: Members): ShownChip {
  const certificate = chip.value('endorsementCertificate');
  return {
    attestationKey: bounded(chip.value('attestationKey'), PUBLIC_BYTES_MAX),
    endorsementKey: bounded(chip.value('endorsementKey'), PUBLIC_BYTES_MAX),
    endorsementCertificate:
      certificate === null ? null : bounded(certificate, CERTIFICATE_BYTES_MAX),
    intermediates: chip
      .list('intermediates', INTERMEDIATES_MAX)
      .map((der) => bounded(der, CERTIFICATE_BYTES_MAX)),
  };
}

/** Bytes of any length up to `most`. */
function bounded(value: Json, most: number): Uint8Array {
  const fits = typeof value === 'string' && value.length <= Math.ceil((most * 4) / 3);
  if (!fits) throw new Refusal('document-malformed', { member: 'enrol-request.chip' });
  return fromBase64Url(value);
}
