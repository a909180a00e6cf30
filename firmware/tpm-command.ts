/**
 * The frame of a command and of its answer: header, handles, authorizations, parameters.
 *
 * Pure bytes. Who authorizes what is in session.ts, what the parameters mean in the tpm-*.ts file
 * of each operation. TPM 2.0 Part 1 §18.
 */

import { concat, Reader, Writer } from '../core/bytes.ts';
import { TPM_MESSAGE_BYTES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { type CommandName, TPM_CC, TPM_ST } from './tpm-constants.ts';
import { EMPTY, type Entity, readSized, sized } from './tpm-structures.ts';

/** Bytes of a header: tag, size, and a command or response code. Part 1 §18.2. */
export const HEADER_BYTES = 10;

/** What one session contributes to a command: TPMS_AUTH_COMMAND. Part 2 §10.13.2. */
export interface CommandAuth {
  readonly handle: number;
  readonly nonce: Uint8Array;
  readonly attributes: number;
  readonly hmac: Uint8Array;
}

/** What one session contributes to an answer: TPMS_AUTH_RESPONSE. Part 2 §10.13.3. */
export interface ResponseAuth {
  readonly nonce: Uint8Array;
  readonly attributes: number;
  readonly hmac: Uint8Array;
}

/** The frame of a command, its authorizations made. */
export function encodeCommand(
  name: CommandName,
  handles: readonly Entity[],
  auths: readonly CommandAuth[],
  parameters: Uint8Array,
): Uint8Array {
  const body = new Writer();
  for (const { handle } of handles) body.u32(handle);
  if (auths.length > 0) {
    const area = concat(...auths.map(encodeAuth));
    body.u32(area.length).raw(area);
  }
  const rest = body.raw(parameters).finish();
  return new Writer()
    .u16(auths.length > 0 ? TPM_ST.SESSIONS : TPM_ST.NO_SESSIONS)
    .u32(HEADER_BYTES + rest.length)
    .u32(TPM_CC[name])
    .raw(rest)
    .finish();
}

function encodeAuth({ handle, nonce, attributes, hmac }: CommandAuth): Uint8Array {
  return concat(
    new Writer().u32(handle).finish(),
    sized(nonce),
    new Writer().u8(attributes).finish(),
    sized(hmac),
  );
}

/** The header and the rest of an answer. */
export interface RawAnswer {
  readonly tag: number;
  readonly rc: number;
  readonly body: Uint8Array;
}

/** Decodes the header of an answer. Refuses `too-large`, `truncated`, `tpm-malformed`. */
export function decodeHeader(bytes: Uint8Array): RawAnswer {
  if (bytes.length > TPM_MESSAGE_BYTES_MAX) {
    throw new Refusal('too-large', { limit: TPM_MESSAGE_BYTES_MAX, got: bytes.length });
  }
  const reader = new Reader(bytes);
  const tag = reader.u16();
  const size = reader.u32();
  if (size !== bytes.length) {
    throw new Refusal('tpm-malformed', { field: 'size', expected: bytes.length, got: size });
  }
  return { tag, rc: reader.u32(), body: reader.take(reader.remaining) };
}

/** The parts of a successful answer. */
export interface AnswerParts {
  readonly parameters: Uint8Array;
  readonly auths: readonly ResponseAuth[];
}

/**
 * Decodes what follows the handle of a successful answer. Refuses `tpm-malformed` for an answer
 * with fewer authorizations than the command had: stripping them would strip their HMACs.
 */
export function decodeAnswer(tag: number, body: Uint8Array, sessions: number): AnswerParts {
  const expected = sessions > 0 ? TPM_ST.SESSIONS : TPM_ST.NO_SESSIONS;
  if (tag !== expected) throw new Refusal('tpm-malformed', { field: 'tag', expected, got: tag });
  if (sessions === 0) return { parameters: body, auths: [] };
  const reader = new Reader(body);
  const parameters = reader.take(reader.u32());
  const auths = Array.from({ length: sessions }, () => ({
    nonce: readSized(reader),
    attributes: reader.u8(),
    hmac: readSized(reader),
  }));
  reader.end();
  return { parameters, auths };
}

/** Splits the first parameter, a sized buffer, from those after it. */
export function splitSized(parameters: Uint8Array): { first: Uint8Array; rest: Uint8Array } {
  if (parameters.length === 0) return { first: EMPTY, rest: EMPTY };
  const reader = new Reader(parameters);
  return { first: readSized(reader), rest: reader.take(reader.remaining) };
}
