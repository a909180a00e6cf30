/**
 * The envelope: a document's bytes and the signature pairs over them (PROTOCOL §1).
 *
 *     "HFE1" ‖ u8 len(type) ‖ type ‖ u8 signers
 *            ‖ signers × (key id 32 ‖ Ed25519 64 ‖ ML-DSA-65 3309)
 *            ‖ u32 len(payload) ‖ payload
 *
 * What is signed is the preimage of §1.2, which binds type and key id; the payload is verified as
 * the bytes that came, never as bytes written anew. The identity of a document is the SHA-256 of
 * its payload alone, so that re-signing makes no second statement. Decoding believes nothing:
 * only `verifyEnvelope` makes a `Verified`.
 */

import {
  compareBytes,
  concat,
  fromHex,
  fromUtf8,
  Reader,
  toHex,
  toUtf8,
  Writer,
} from '../core/bytes.ts';
import { encodeCanonical, type JsonObject, parseCanonical } from '../core/canonical.ts';
import { DIGEST_BYTES, type Digest, digestOf } from '../core/digest.ts';
import { DOCUMENT_BYTES_MAX, SIGNERS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import {
  type KeyId,
  type PublicPair,
  SIGNATURE_PAIR_BYTES,
  type SignaturePair,
  type Signer,
  type Suite,
} from '../core/suite.ts';
import { Members } from './members.ts';
import { ReadingBook } from './reading-book.ts';

/** The document types of this protocol version. */
export const DOCUMENT_TYPES = [
  'root',
  'beacon',
  'manifest',
  'bundle',
  'policy',
  'revocations',
  'references',
  'override',
  'recall',
  'entries',
  'lease',
  'recipient',
  'relation',
  'enrol-request',
  'enrol-challenge',
  'enrol-answer',
  'enrol-grant',
] as const;
/** One of the document types; both the envelope and its payload name it. */
export type DocumentType = (typeof DOCUMENT_TYPES)[number];

/** One signature pair and the id of the key that made it. */
export interface SignatureSlot {
  readonly keyId: KeyId;
  readonly signature: SignaturePair;
}

/** A decoded envelope: well-formed, and not yet believed in any way. */
export interface UnverifiedEnvelope {
  readonly type: DocumentType;
  readonly domain: TrustDomain;
  readonly digest: Digest;
  readonly payload: Uint8Array;
  /** The payload's members, parsed strictly; unverified like the rest. */
  readonly members: Members;
  readonly slots: readonly SignatureSlot[];
  readonly bytes: Uint8Array;
}

declare const verified: unique symbol;
/** An envelope whose signatures met a role's threshold. Only `verifyEnvelope` makes one. */
export type Verified = UnverifiedEnvelope & { readonly [verified]: true };

/** The keys that may sign, and how many of them must. */
export interface SignerRole {
  readonly keys: ReadonlyMap<KeyId, PublicPair>;
  readonly threshold: number;
}

/** The first bytes of every envelope: this version of it. */
export const ENVELOPE_MAGIC: Uint8Array = toUtf8('HFE1');
const PREIMAGE_LABEL = toUtf8('holdfast/envelope/v1\0');
/** The same document comes from many peers, and again at each start. */
const DECODED = new ReadingBook<UnverifiedEnvelope>();
/** ML-DSA context of every document signature (PROTOCOL §1.2). */
export const ENVELOPE_CONTEXT = 'holdfast/envelope/v1';

/**
 * Decodes an envelope: bounds, framing, canonical payload, type and domain.
 *
 * Refuses `too-large`, `truncated`, `trailing-bytes`, `envelope-malformed`, `signer-surplus`,
 * `signer-duplicate`, `document-unknown`, `document-type` (outer and inner type differ), and what
 * `parseCanonical` and `parseTrustDomain` refuse.
 */
export function decodeEnvelope(bytes: Uint8Array): UnverifiedEnvelope {
  if (bytes.length > DOCUMENT_BYTES_MAX) {
    throw new Refusal('too-large', { limit: DOCUMENT_BYTES_MAX, got: bytes.length });
  }
  return DECODED.of(bytes, readEnvelope);
}

function readEnvelope(bytes: Uint8Array): UnverifiedEnvelope {
  const reader = new Reader(bytes);
  if (compareBytes(reader.take(ENVELOPE_MAGIC.length), ENVELOPE_MAGIC) !== 0) {
    throw new Refusal('envelope-malformed', { why: 'no envelope of this version' });
  }
  const type = documentType(fromUtf8(reader.take(reader.u8())));
  const slots = decodeSlots(reader);
  const payload = reader.take(reader.u32());
  reader.end();
  const members = new Members(parseCanonical(payload), type);
  if (members.text('type', 32) !== type) {
    throw new Refusal('document-type', { outer: type, inner: members.text('type', 32) });
  }
  const domain = parseTrustDomain(members.text('domain', 255));
  return { type, domain, digest: digestOf(payload), payload, members, slots, bytes };
}

/**
 * Verifies an envelope against a role: every slot is a key of the role, no key twice, exactly as
 * many slots as the threshold demands or more up to the role's size, both legs of every slot.
 *
 * A surplus signature is refused rather than skipped, or two envelopes of one document would
 * differ in what they cost (PROTOCOL §1.3). Refuses `signer-unknown`, `threshold-unmet`,
 * `signer-surplus` (one-signer roles) and `signature-invalid`.
 */
export function verifyEnvelope(
  suite: Suite,
  envelope: UnverifiedEnvelope,
  role: SignerRole,
): Verified {
  if (envelope.slots.length < role.threshold) {
    throw new Refusal('threshold-unmet', {
      expected: role.threshold,
      got: envelope.slots.length,
    });
  }
  if (role.threshold === 1 && envelope.slots.length > 1) {
    throw new Refusal('signer-surplus', { expected: 1, got: envelope.slots.length });
  }
  for (const slot of envelope.slots) {
    const publicPair = role.keys.get(slot.keyId);
    if (publicPair === undefined) throw new Refusal('signer-unknown', { key: slot.keyId });
    verifySlot(suite, envelope, slot, publicPair);
  }
  return envelope as Verified;
}

/** Verifies one slot against one key. Refuses `signature-invalid`. */
export function verifySlot(
  suite: Suite,
  envelope: UnverifiedEnvelope,
  slot: SignatureSlot,
  publicPair: PublicPair,
): void {
  const message = preimageOf(envelope.type, slot.keyId, envelope.payload);
  const { signature } = slot;
  if (!suite.verify({ publicPair, message, context: ENVELOPE_CONTEXT, signature })) {
    throw new Refusal('signature-invalid', { type: envelope.type, key: slot.keyId });
  }
}

/** Signs a payload with each of `signers` and returns the envelope's bytes. */
export function signEnvelope(
  type: DocumentType,
  body: JsonObject,
  signers: readonly Signer[],
): Uint8Array {
  const payload = encodeCanonical({ ...body, type });
  const slots = signers.map((signer) => signSlot(type, payload, signer));
  return encodeEnvelope(type, slots, payload);
}

/** The signature of one key over a payload of that type (PROTOCOL §1.2). */
export function signSlot(type: DocumentType, payload: Uint8Array, signer: Signer): SignatureSlot {
  const { keyId } = signer;
  return { keyId, signature: signer.sign(preimageOf(type, keyId, payload), ENVELOPE_CONTEXT) };
}

/** The bytes of an envelope; slots are put in the one order, by key id. */
export function encodeEnvelope(
  type: DocumentType,
  slots: readonly SignatureSlot[],
  payload: Uint8Array,
): Uint8Array {
  const name = toUtf8(type);
  const writer = new Writer().raw(ENVELOPE_MAGIC).u8(name.length).raw(name).u8(slots.length);
  for (const slot of [...slots].sort((a, b) => (a.keyId < b.keyId ? -1 : 1))) {
    writer.raw(fromHex(slot.keyId)).raw(slot.signature);
  }
  return writer.u32(payload.length).raw(payload).finish();
}

function preimageOf(type: DocumentType, keyId: KeyId, payload: Uint8Array): Uint8Array {
  const name = toUtf8(type);
  const nameLength = Uint8Array.of(0, name.length); // u16; names of types are short
  return concat(PREIMAGE_LABEL, nameLength, name, fromHex(keyId), payload);
}

function documentType(text: string): DocumentType {
  const type = DOCUMENT_TYPES.find((known) => known === text);
  if (type === undefined) throw new Refusal('document-unknown', { got: text.slice(0, 32) });
  return type;
}

function decodeSlots(reader: Reader): readonly SignatureSlot[] {
  const count = reader.u8();
  if (count > SIGNERS_MAX) throw new Refusal('signer-surplus', { limit: SIGNERS_MAX, got: count });
  const slots: SignatureSlot[] = [];
  let last = '';
  for (let i = 0; i < count; i++) {
    const keyId = toHex(reader.take(DIGEST_BYTES)) as KeyId;
    if (keyId === last) throw new Refusal('signer-duplicate', { key: keyId });
    // One order of slots, or the same signatures would make many envelopes.
    if (keyId < last) throw new Refusal('envelope-malformed', { why: 'slots out of order' });
    slots.push({ keyId, signature: reader.take(SIGNATURE_PAIR_BYTES) });
    last = keyId;
  }
  return slots;
}
