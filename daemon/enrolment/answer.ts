/**
 * Answer: the secret that only the chip could open, and evidence of how the machine booted
 * (PROTOCOL §7.1). A machine without a chip answers with neither, and earns `software`.
 */

import { toBase64Url } from '../../core/bytes.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { KeyId, PublicPair, Signer, Suite } from '../../core/suite.ts';
import { type UnverifiedEnvelope, verifyEnvelope } from '../../federation/envelope.ts';
import { checkMust } from '../../federation/must.ts';
import { CREDENTIAL_BYTES } from '../../firmware/activation.ts';
import { decodeEvidence, type Evidence, encodeEvidence } from '../../firmware/evidence.ts';
import {
  checkPart,
  checkType,
  decodeMessage,
  encodeMessage,
  partOf,
  signMessage,
} from './message.ts';

/** What the chip of the machine did. */
export interface ChipAnswer {
  readonly secret: Uint8Array;
  readonly evidence: Evidence;
}

/** An answer to a challenge. */
export interface EnrolAnswer {
  readonly domain: TrustDomain;
  readonly node: KeyId;
  /** Digest of the challenge. */
  readonly challenge: Digest;
  readonly chip: ChipAnswer | null;
}

/** An answer as read; its evidence is not decoded, and nobody has verified who signed. */
export interface UnverifiedAnswer {
  readonly envelope: UnverifiedEnvelope;
  readonly digest: Digest;
  readonly domain: TrustDomain;
  readonly node: KeyId;
  readonly challenge: Digest;
  readonly secret: Uint8Array | null;
  readonly evidence: Uint8Array;
}

const KNOWN = new Set(['challenge', 'domain', 'evidence', 'must', 'node', 'secret', 'type']);

/** Makes an answer, signed by the node. */
export function makeAnswer(answer: EnrolAnswer, signer: Signer): Uint8Array {
  const { domain, node, challenge, chip } = answer;
  const evidence = chip === null ? new Uint8Array(0) : encodeEvidence(chip.evidence);
  const body = {
    ...{ domain, node, challenge },
    secret: chip === null ? null : toBase64Url(chip.secret),
    evidence: digestOf(evidence),
  };
  return encodeMessage(signMessage('enrol-answer', body, signer), evidence);
}

/** Reads an answer. Refuses `document-malformed`, `document-must`, `enrol-part`. */
export function readAnswer(bytes: Uint8Array): UnverifiedAnswer {
  const message = decodeMessage(bytes);
  checkType(message, 'enrol-answer');
  const { envelope } = message;
  const { members, domain, digest } = envelope;
  checkMust(members, KNOWN);
  const evidence = partOf(message, 0);
  checkPart(evidence, members.digest('evidence'));
  const hasSecret = members.value('secret') !== null;
  return {
    ...{ envelope, digest, domain, evidence },
    node: members.digest('node'),
    challenge: members.digest('challenge'),
    secret: hasSecret ? members.bytes('secret', CREDENTIAL_BYTES) : null,
  };
}

/**
 * Verifies that the node which asked has answered, and with a chip only if it showed one. Refuses
 * `signature-invalid`, `signer-unknown`, `enrol-chip` and as `decodeEvidence` does.
 */
export function verifyAnswer(
  suite: Suite,
  answer: UnverifiedAnswer,
  asked: { readonly node: KeyId; readonly publicPair: PublicPair; readonly hasChip: boolean },
): ChipAnswer | null {
  const { envelope, secret, evidence } = answer;
  const keys = new Map([[asked.node, asked.publicPair]]);
  verifyEnvelope(suite, envelope, { keys, threshold: 1 });
  const hasChip = secret !== null && evidence.length > 0;
  if (hasChip !== asked.hasChip || (!hasChip && evidence.length + (secret?.length ?? 0) > 0)) {
    throw new Refusal('enrol-chip', { asked: asked.hasChip, answered: hasChip });
  }
  return secret === null ? null : { secret, evidence: decodeEvidence(evidence) };
}
