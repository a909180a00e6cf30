/**
 * How bytes are read by what ships, and written again from what was read. What is no envelope has
 * a name of its own; of an envelope the reader of its type is asked, too.
 */

import {
  concat,
  fromBase64Url,
  fromUtf8,
  Reader,
  toBase64Url,
  toUtf8,
  Writer,
} from '../../core/bytes.ts';
import { encodeCanonical } from '../../core/canonical.ts';
import { pad, unpad } from '../../core/padding.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { SignaturePair } from '../../core/suite.ts';
import { tickLink } from '../../daemon/commands/tick.ts';
import { parseApprovedBoots } from '../../daemon/custody/approved-boots.ts';
import { readAnswer } from '../../daemon/enrolment/answer.ts';
import { readChallenge } from '../../daemon/enrolment/challenge.ts';
import { readGrant } from '../../daemon/enrolment/grant.ts';
import * as issuing from '../../daemon/enrolment/issuing-messages.ts';
import { decodeMessage, encodeMessage } from '../../daemon/enrolment/message.ts';
import { verifyRequest } from '../../daemon/enrolment/request.ts';
import { parseEntries } from '../../daemon/identity/entry-group.ts';
import {
  decodeAnswer as decodeDeskAnswer,
  encodeAnswered,
  encodeRefused,
} from '../../daemon/network/desk.ts';
import { decodePace, encodePace } from '../../daemon/network/pace.ts';
import { fingerprintLink, parseFingerprint, wordsOf } from '../../daemon/text/fingerprint-words.ts';
import { decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import { readBeacon } from '../../federation/beacon.ts';
import { readBundle } from '../../federation/bundle.ts';
import { decodeBundleFile, decodeFileItem } from '../../federation/bundle-file.ts';
import {
  COURIER_PREFIX_BYTES,
  courierKey,
  headerLength,
  newCourier,
  openHeader,
  openPart,
  sealPart,
  unsealHeader,
} from '../../federation/courier.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  type UnverifiedEnvelope,
} from '../../federation/envelope.ts';
import { decodeEquivocation, encodeEquivocation } from '../../federation/equivocation.ts';
import { readLease } from '../../federation/lease.ts';
import { readManifest } from '../../federation/manifest.ts';
import { decodeFrame, encodeFrame } from '../../federation/message.ts';
import { readOverride, readRecall } from '../../federation/override.ts';
import { decodeProof, GUEST_PROOF, isGuestProof, makeProof } from '../../federation/peer-proof.ts';
import { readPolicy } from '../../federation/policy.ts';
import { decodeProposal } from '../../federation/proposal.ts';
import { decodeRecipient } from '../../federation/recipient.ts';
import { readRelationProposal, relationProposalBody } from '../../federation/relation-proposal.ts';
import { readRevocations } from '../../federation/revocations.ts';
import { readRoot } from '../../federation/root.ts';
import { decodeTick } from '../../federation/tick.ts';
import { decodeAnswer, signAnswer } from '../../federation/time-answer.ts';
import { decodeEvidence, encodeEvidence } from '../../firmware/evidence.ts';
import { SUITE } from '../fakes/coalition.ts';
import { DOMAIN, KEYS } from '../federation/forge.ts';
import { KEM_RANDOM, KEM_SEED, SEALED_TO } from './still-kem.ts';

/** What a document of each type is read by. */
const DOCUMENTS: Readonly<Record<string, (envelope: UnverifiedEnvelope) => unknown>> = {
  root: readRoot,
  beacon: readBeacon,
  manifest: readManifest,
  bundle: ({ members }) => readBundle(members),
  policy: ({ members }) => readPolicy(members),
  entries: ({ members, domain }) => parseEntries(members.json(), domain),
  references: ({ members }) => parseApprovedBoots(members.json()),
  revocations: readRevocations,
  override: readOverride,
  recall: readRecall,
  lease: readLease,
};

/** What an enrolment message of each type is read by. */
const ENROLMENT: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  'enrol-request': (bytes) => verifyRequest(SUITE, bytes),
  'enrol-challenge': readChallenge,
  'enrol-answer': readAnswer,
  'enrol-grant': readGrant,
};

const NOTHING = new Uint8Array();

/** Signs as it was signed: for what is written again around a signature that was read. */
const signedBefore = (signature: Uint8Array) => ({
  ...KEYS.node,
  sign: () => signature as SignaturePair,
});

/** Bytes as they are read and written again, by what they are read as. */
export const READINGS = {
  envelope: rewrittenEnvelope,
  document: (bytes) => {
    const envelope = decodeEnvelope(bytes);
    DOCUMENTS[envelope.type]?.(envelope);
    return rewrittenEnvelope(bytes);
  },
  frame: (bytes) => encodeFrame(decodeFrame(bytes)),
  tick: (bytes) => decodeTick(bytes).bytes,
  proof: (bytes) => {
    const [one, other] = decodeEquivocation(bytes).envelopes;
    return encodeEquivocation(one.bytes, other.bytes);
  },
  file: (bytes) => {
    decodeBundleFile(bytes).forEach(decodeFileItem);
    return rewrittenBlocks(bytes);
  },
  relation: (bytes) => {
    const envelope = decodeEnvelope(bytes);
    const { type, slots } = envelope;
    const body = relationProposalBody(readRelationProposal(envelope));
    return encodeEnvelope(type, slots, encodeCanonical({ ...body, type }));
  },
  proposal: (bytes) => {
    decodeProposal(SUITE, bytes);
    return rewrittenBlocks(bytes);
  },
  recipient: (bytes) => {
    decodeRecipient(fromUtf8(bytes));
    return rewrittenBlocks(bytes);
  },
  'time answer': (bytes) => {
    const { lease, signature, ...statement } = decodeAnswer(bytes);
    return signAnswer(DOMAIN, statement, { signer: signedBefore(signature), lease });
  },
  admission: (bytes) => {
    const { envelope, signature } = decodeProof(bytes);
    const hash = new Uint8Array(32);
    return makeProof(signedBefore(signature), envelope.bytes, 'initiator', hash);
  },
  guest: (bytes) => (isGuestProof(bytes) ? GUEST_PROOF : NOTHING),
  verdict: (bytes) => concat(bytes.subarray(0, 1), encodePace(decodePace(bytes.subarray(1)))),
  enrolment: (bytes) => {
    const { envelope, parts } = decodeMessage(bytes);
    ENROLMENT[envelope.type]?.(bytes);
    return encodeMessage(envelope.bytes, ...parts);
  },
  evidence: (bytes) => encodeEvidence(decodeEvidence(bytes)),
  'identities request': (bytes) => issuing.encodeRequest(issuing.decodeRequest(bytes)),
  'identities answer': (bytes) => issuing.encodeAnswer(issuing.decodeAnswer(bytes)),
  'desk answer': (bytes) => {
    const answer = refusalOf(() => decodeDeskAnswer(bytes));
    return answer instanceof Refusal ? encodeRefused(answer.code) : encodeAnswered(answer);
  },
  courier: rewrittenCourier,
  padded: (bytes) => {
    const message = unpad(bytes);
    if (message === null) throw new Refusal('handshake-failed', { reason: 'padding' });
    return pad(message);
  },
  'tick link': (bytes) => {
    const value = fromUtf8(bytes).slice(tickLink('').length);
    return toUtf8(tickLink(toBase64Url(decodeTick(fromBase64Url(value)).bytes)));
  },
  'fingerprint link': (bytes) => toUtf8(fingerprintLink(parseFingerprint(fromUtf8(bytes)))),
  'fingerprint words': (bytes) => toUtf8(wordsOf(parseFingerprint(fromUtf8(bytes))).join(' ')),
} satisfies Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>>;

/** What bytes are read as. */
export type Reading = keyof typeof READINGS;

function rewrittenEnvelope(bytes: Uint8Array): Uint8Array {
  const { type, slots, payload } = decodeEnvelope(bytes);
  return encodeEnvelope(type, slots, payload);
}

function rewrittenBlocks(bytes: Uint8Array): Uint8Array {
  const blocks = decodeBlocks(bytes);
  return toUtf8(blocks.map((block) => encodeBlock(block.label, block.bytes)).join(''));
}

/** A courier file of one part: for anybody, or sealed to the node that the vectors know. */
function rewrittenCourier(bytes: Uint8Array): Uint8Array {
  const length = headerLength(bytes.subarray(0, COURIER_PREFIX_BYTES));
  const header = bytes.slice(0, length);
  const open = openHeader(header);
  const fileKey = open ?? unsealHeader(header, KEYS.node.keyId, KEM_SEED);
  const reader = new Reader(bytes.subarray(length));
  const place = { index: 0, isLast: true };
  const part = openPart(courierKey(header, fileKey), place, reader.take(reader.u32()));
  reader.end();
  const again = newCourier(
    open === null ? SEALED_TO : [],
    concat(fileKey, open === null ? KEM_RANDOM : new Uint8Array()),
  );
  const sealed = sealPart(again.key, place, part);
  return new Writer().raw(again.header).u32(sealed.length).raw(sealed).finish();
}
