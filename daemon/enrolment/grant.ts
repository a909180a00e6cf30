/**
 * Grant: a lease, the documents that it lets its holder read, and what identities are issued with
 * (PROTOCOL §7.1). The documents prove themselves; the rest is bound by the documents key.
 */

import { fromBase64Url, toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { ADMISSION_BYTES_MAX } from '../../core/limits.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { KeyId, Signer } from '../../core/suite.ts';
import type { UnverifiedEnvelope } from '../../federation/envelope.ts';
import { checkMust } from '../../federation/must.ts';
import {
  checkPart,
  checkType,
  decodeMessage,
  encodeMessage,
  partOf,
  signMessage,
} from './message.ts';

/** What makes a machine a node. */
export interface EnrolGrant {
  readonly domain: TrustDomain;
  readonly node: KeyId;
  /** Digest of the answer. */
  readonly answer: Digest;
  /** Envelope of the lease. */
  readonly lease: Uint8Array;
  /** A bundle file with all that the lease lets its holder read. */
  readonly file: Uint8Array;
  readonly issuing: Uint8Array;
}

/** A grant as read; nobody has verified who signed. */
export interface UnverifiedGrant extends EnrolGrant {
  readonly envelope: UnverifiedEnvelope;
}

const KNOWN = new Set(['answer', 'domain', 'issuing', 'lease', 'must', 'node', 'type']);
const LEASE_CHARS_MAX = Math.ceil((ADMISSION_BYTES_MAX * 4) / 3);

/** Makes a grant, signed by the documents key. */
export function makeGrant(
  grant: Omit<EnrolGrant, 'file'> & { readonly file: string },
  documents: Signer,
): Uint8Array {
  const { lease, file, issuing, ...members } = grant;
  const body = { ...members, lease: toBase64Url(lease), issuing: digestOf(issuing) };
  return encodeMessage(signMessage('enrol-grant', body, documents), toUtf8(file), issuing);
}

/** Reads a grant. Refuses `document-type`, `document-malformed`, `document-must`, `enrol-part`. */
export function readGrant(bytes: Uint8Array): UnverifiedGrant {
  const message = decodeMessage(bytes);
  checkType(message, 'enrol-grant');
  const { envelope } = message;
  const { members, domain } = envelope;
  checkMust(members, KNOWN);
  const issuing = partOf(message, 1);
  checkPart(issuing, members.digest('issuing'));
  return {
    ...{ envelope, domain, issuing },
    file: partOf(message, 0),
    node: members.digest('node'),
    answer: members.digest('answer'),
    lease: fromBase64Url(members.text('lease', LEASE_CHARS_MAX)),
  };
}
