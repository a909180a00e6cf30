/**
 * The four messages of an enrolment, as bytes: request → challenge → answer → grant (PROTOCOL
 * §7.1).
 *
 *     message = u32 len(envelope) ‖ envelope ‖ u8 n ‖ n × (u32 len ‖ part)
 *
 * The envelope is signed and says what the message means; parts are what would not fit it: a bundle
 * file, evidence, what identities are issued with. The envelope names those by digest that nothing
 * else protects. The same bytes go over the network and, in armour, into files.
 */

import { Reader, toUtf8, Writer } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { DESK_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Signer } from '../../core/suite.ts';
import { decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import {
  decodeEnvelope,
  ENVELOPE_MAGIC,
  signEnvelope,
  type UnverifiedEnvelope,
} from '../../federation/envelope.ts';

/** Which of the four. */
export type EnrolmentType = 'enrol-request' | 'enrol-challenge' | 'enrol-answer' | 'enrol-grant';

/** A message as decoded; nothing in it is verified. */
export interface UnverifiedMessage {
  readonly envelope: UnverifiedEnvelope;
  readonly parts: readonly Uint8Array[];
}

const PARTS: Readonly<Record<EnrolmentType, number>> = {
  'enrol-request': 1,
  'enrol-challenge': 1,
  'enrol-answer': 1,
  'enrol-grant': 2,
};
/** The label of a message in a file. */
const LABEL = 'enrolment';

/** The bytes of a message. */
export function encodeMessage(envelope: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer().u32(envelope.length).raw(envelope).u8(parts.length);
  for (const part of parts) writer.u32(part.length).raw(part);
  return writer.finish();
}

/** Signs the envelope of a message by one key. */
export function signMessage(type: EnrolmentType, body: JsonObject, signer: Signer): Uint8Array {
  return signEnvelope(type, body, [signer]);
}

/**
 * Decodes a message. Refuses `too-large`, `truncated`, `trailing-bytes`, `document-type` for an
 * envelope that is none of the four, `envelope-malformed` for another number of parts, and as
 * `decodeEnvelope` does.
 */
export function decodeMessage(bytes: Uint8Array): UnverifiedMessage {
  if (bytes.length > DESK_BYTES_MAX) {
    throw new Refusal('too-large', { limit: DESK_BYTES_MAX, got: bytes.length });
  }
  const reader = new Reader(bytes);
  const envelope = decodeEnvelope(reader.take(reader.u32()));
  const { type } = envelope;
  if (!isEnrolment(type)) throw new Refusal('document-type', { got: type });
  const count = reader.u8();
  if (count !== PARTS[type]) throw new Refusal('envelope-malformed', { parts: count });
  const parts = Array.from({ length: count }, () => reader.take(reader.u32()));
  reader.end();
  return { envelope, parts };
}

/** The part at `index`, which `decodeMessage` has counted. */
export function partOf({ parts }: UnverifiedMessage, index: number): Uint8Array {
  return parts[index] ?? new Uint8Array(0);
}

/** The id of the node that a message is about, as it says. Refuses as `decodeMessage` does. */
export function nodeOf(message: Uint8Array): Digest {
  return decodeMessage(message).envelope.members.digest('node');
}

/** True for bytes that begin as a message does: the desk answers other things too. */
export function isMessage(bytes: Uint8Array): boolean {
  return ENVELOPE_MAGIC.every((octet, at) => bytes[4 + at] === octet);
}

/** Refuses `document-type` unless the message is of that type. */
export function checkType({ envelope }: UnverifiedMessage, expected: EnrolmentType): void {
  const { type: got } = envelope;
  if (got !== expected) throw new Refusal('document-type', { expected, got });
}

/** Refuses `enrol-part` unless `part` is what the envelope named by its digest. */
export function checkPart(part: Uint8Array, named: Digest): void {
  const got = digestOf(part);
  if (got !== named) throw new Refusal('enrol-part', { expected: named, got });
}

/** The text of a message, for a file. */
export function encodeMessageFile(message: Uint8Array): string {
  return encodeBlock(LABEL, message);
}

/** The bytes of a message in a file. Refuses `document-type`, and as `decodeBlocks` does. */
export function decodeMessageFile(text: string): Uint8Array {
  const [block, ...more] = decodeBlocks(toUtf8(text));
  if (block?.label !== LABEL || more.length > 0) {
    throw new Refusal('document-type', { expected: LABEL, got: block?.label ?? 'nothing' });
  }
  return block.bytes;
}

function isEnrolment(type: string): type is EnrolmentType {
  return Object.hasOwn(PARTS, type);
}
