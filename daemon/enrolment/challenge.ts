/**
 * Challenge: what the authority wants to see before it grants anything (PROTOCOL §7.1).
 *
 * For a machine with a chip it wraps a secret for the endorsement key and the name of the
 * attestation key, so that only a chip which holds both can answer; the quote then has to cover
 * nonce and epoch. Whoever is asked judges the asker first: the bundle file beside the challenge
 * leads from the first Root, which a person pinned, to the documents key that signed.
 */

import { fromBase64Url, toBase64Url, toUtf8 } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { KeyId, Signer } from '../../core/suite.ts';
import type { UnixMs } from '../../core/time.ts';
import type { UnverifiedEnvelope } from '../../federation/envelope.ts';
import type { Members } from '../../federation/members.ts';
import { checkMust } from '../../federation/must.ts';
import type { Credential } from '../../firmware/activation.ts';
import { CHALLENGE_NONCE_BYTES } from '../../firmware/attested.ts';
import { checkType, decodeMessage, encodeMessage, partOf, signMessage } from './message.ts';

/** What is to be answered. */
export interface EnrolChallenge {
  readonly domain: TrustDomain;
  readonly node: KeyId;
  /** Digest of the request. */
  readonly request: Digest;
  readonly nonce: Uint8Array;
  /** Digest of our newest beacon: the epoch in whose light the machine is to be quoted. */
  readonly beacon: Digest;
  /** Null for a machine that showed no chip. */
  readonly credential: Credential | null;
  readonly issuedAt: UnixMs;
  readonly notAfter: UnixMs;
}

/** A challenge as read, beside what it is to be judged by; nothing is verified yet. */
export interface UnverifiedChallenge extends EnrolChallenge {
  readonly envelope: UnverifiedEnvelope;
  readonly digest: Digest;
  /** A bundle file of the domain. */
  readonly file: Uint8Array;
}

const KNOWN = new Set([
  ...['beacon', 'credential', 'domain', 'issuedAt', 'must', 'node', 'nonce', 'notAfter'],
  ...['request', 'type'],
]);
/** Both halves of a credential pass no TPM's own buffers. */
const CREDENTIAL_CHARS_MAX = 1_024;

/** The envelope of a challenge, signed by the documents key. */
export function signChallenge(challenge: EnrolChallenge, documents: Signer): Uint8Array {
  const { nonce, credential, issuedAt, notAfter, ...members } = challenge;
  const body = {
    ...members,
    nonce: toBase64Url(nonce),
    credential: credential === null ? null : encodeCredential(credential),
    issuedAt: String(issuedAt),
    notAfter: String(notAfter),
  };
  return signMessage('enrol-challenge', body, documents);
}

/** The message of a challenge. */
export function challengeMessage(envelope: Uint8Array, file: string): Uint8Array {
  return encodeMessage(envelope, toUtf8(file));
}

/** Reads a challenge. Refuses `document-type`, `document-malformed` and `document-must`. */
export function readChallenge(bytes: Uint8Array): UnverifiedChallenge {
  const message = decodeMessage(bytes);
  checkType(message, 'enrol-challenge');
  return { ...readChallengeEnvelope(message.envelope), file: partOf(message, 0) };
}

/** Reads the envelope of a challenge. Refuses as `readChallenge` does. */
export function readChallengeEnvelope(
  envelope: UnverifiedEnvelope,
): Omit<UnverifiedChallenge, 'file'> {
  const { members, domain, digest } = envelope;
  checkMust(members, KNOWN);
  const credential = members.value('credential');
  return {
    ...{ envelope, domain, digest },
    node: members.digest('node'),
    request: members.digest('request'),
    nonce: members.bytes('nonce', CHALLENGE_NONCE_BYTES),
    beacon: members.digest('beacon'),
    credential: credential === null ? null : readCredential(members.object('credential')),
    issuedAt: members.time('issuedAt'),
    notAfter: members.time('notAfter'),
  };
}

function encodeCredential({ blob, encryptedSecret }: Credential): JsonObject {
  return { blob: toBase64Url(blob), encryptedSecret: toBase64Url(encryptedSecret) };
}

function readCredential(credential: Members): Credential {
  return {
    blob: fromBase64Url(credential.text('blob', CREDENTIAL_CHARS_MAX)),
    encryptedSecret: fromBase64Url(credential.text('encryptedSecret', CREDENTIAL_CHARS_MAX)),
  };
}
