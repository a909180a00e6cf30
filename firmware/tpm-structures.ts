/**
 * Structures that TPM commands share: sized buffers, hashes by identifier, PCR selections, names
 * of entities, and the signature. Public areas have their own file, tpm-public.ts.
 *
 * Every field is read under a bound. "Part 2" is the TPM 2.0 Library Specification, Part 2.
 */

import { assert } from '../core/assert.ts';
import { concat, type Reader, Writer } from '../core/bytes.ts';
import type { HashName } from '../core/ciphers.ts';
import { TPM_BUFFER_BYTES_MAX, TPM_LIST_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { HASH_ALG, PCR_COUNT, TPM_ALG } from './tpm-constants.ts';

/** No bytes: the empty buffer of Part 2 §10.4. */
export const EMPTY = new Uint8Array(0);

/** A buffer behind its u16 length, TPM2B. Part 2 §10.4. */
export function sized(bytes: Uint8Array): Uint8Array {
  return new Writer().u16(bytes.length).raw(bytes).finish();
}

/** Reads a TPM2B of at most `max` bytes. Refuses `too-large`, `truncated`. */
export function readSized(reader: Reader, max = TPM_BUFFER_BYTES_MAX): Uint8Array {
  const size = reader.u16();
  if (size > max) throw new Refusal('too-large', { limit: max, got: size });
  return reader.take(size);
}

/** Reads the u32 count of a TPML. Refuses `too-large`. Part 2 §10.9. */
export function readCount(reader: Reader, max = TPM_LIST_MAX): number {
  const count = reader.u32();
  if (count > max) throw new Refusal('too-large', { limit: max, got: count });
  return count;
}

/** Reads TPMI_YES_NO. Refuses `tpm-malformed` for anything but 0 and 1. Part 2 §9.2. */
export function readYesNo(reader: Reader): boolean {
  const value = reader.u8();
  if (value > 1) throw new Refusal('tpm-malformed', { field: 'yes-no', got: value });
  return value === 1;
}

const NAMES = Object.keys(HASH_ALG) as HashName[];

/** The hash of an identifier; undefined for one that we do not compute. */
export function hashNameOf(alg: number): HashName | undefined {
  return NAMES.find((name) => HASH_ALG[name] === alg);
}

/** The hash of an identifier. Refuses `tpm-malformed` for one that we do not compute. */
export function readHash(reader: Reader): HashName {
  const alg = reader.u16();
  const name = hashNameOf(alg);
  if (name === undefined) throw new Refusal('tpm-malformed', { field: 'hash', got: alg });
  return name;
}

/** PCRs of one bank, ascending, each once. */
export interface PcrSelection {
  readonly bank: HashName;
  readonly pcrs: readonly number[];
}

/** One entry of a list as a TPM sent it; its bank may be one that we do not compute. */
export interface RawPcrSelection {
  readonly alg: number;
  readonly pcrs: readonly number[];
}

/** Bytes of a PCR bitmap on a PC: 24 registers. PC Client Platform TPM Profile §4.6. */
const BITMAP_BYTES = PCR_COUNT / 8;
/** Bytes of a bitmap that we read: PCR_SELECT_MAX may be larger elsewhere. */
const BITMAP_BYTES_MAX = 32;
/** Banks in one list: more than any TPM implements. Part 2 §10.9.7. */
const BANKS_MAX = 16;

/** TPML_PCR_SELECTION. Part 2 §10.9.7. */
export function encodePcrSelections(selections: readonly PcrSelection[]): Uint8Array {
  const out = new Writer().u32(selections.length);
  for (const { bank, pcrs } of selections) {
    out.u16(HASH_ALG[bank]).u8(BITMAP_BYTES).raw(bitmapOf(pcrs));
  }
  return out.finish();
}

/** Reads TPML_PCR_SELECTION. Refuses `too-large`. Part 2 §10.9.7. */
export function readPcrSelections(reader: Reader): readonly RawPcrSelection[] {
  const count = readCount(reader, BANKS_MAX);
  return Array.from({ length: count }, () => {
    const alg = reader.u16();
    const size = reader.u8();
    if (size > BITMAP_BYTES_MAX) throw new Refusal('too-large', { limit: BITMAP_BYTES_MAX });
    return { alg, pcrs: pcrsOf(reader.take(size)) };
  });
}

function bitmapOf(pcrs: readonly number[]): Uint8Array {
  const bitmap = new Uint8Array(BITMAP_BYTES);
  for (const pcr of pcrs) {
    assert(Number.isInteger(pcr) && pcr >= 0 && pcr < PCR_COUNT, `not a PCR: ${pcr}`);
    bitmap[pcr >> 3] = (bitmap[pcr >> 3] ?? 0) | (1 << (pcr & 7));
  }
  return bitmap;
}

function pcrsOf(bitmap: Uint8Array): number[] {
  const pcrs: number[] = [];
  bitmap.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) pcrs.push(8 * at + bit);
  });
  return pcrs;
}

/** What a command acts on: its handle, its name, and the secret that authorizes its use. */
export interface Entity {
  readonly handle: number;
  /** The handle itself for PCRs, sessions and hierarchies, a digest for others. Part 1 §16. */
  readonly name: Uint8Array;
  /** Empty where no secret is set, or where a policy authorizes. */
  readonly auth: Uint8Array;
}

/** An entity that is named by its handle: a hierarchy, a PCR, a session. Part 1 §16, table 3. */
export function entityOf(handle: number, auth: Uint8Array = EMPTY): Entity {
  return { handle, name: new Writer().u32(handle).finish(), auth };
}

/** An ECDSA or RSA signature by a TPM, TPMT_SIGNATURE. Part 2 §11.3.4. */
export type TpmSignature =
  | {
      readonly kind: 'ecdsa';
      readonly hash: HashName;
      readonly r: Uint8Array;
      readonly s: Uint8Array;
    }
  | {
      readonly kind: 'rsa';
      readonly padding: 'pkcs1' | 'pss';
      readonly hash: HashName;
      readonly signature: Uint8Array;
    };

/** Reads TPMT_SIGNATURE. Refuses `tpm-malformed` for other schemes and unknown hashes. */
export function readSignature(reader: Reader): TpmSignature {
  const alg = reader.u16();
  switch (alg) {
    case TPM_ALG.ECDSA:
      return {
        kind: 'ecdsa',
        hash: readHash(reader),
        r: readSized(reader),
        s: readSized(reader),
      };
    case TPM_ALG.RSASSA:
    case TPM_ALG.RSAPSS: {
      const padding = alg === TPM_ALG.RSAPSS ? 'pss' : 'pkcs1';
      return { kind: 'rsa', padding, hash: readHash(reader), signature: readSized(reader) };
    }
    default:
      throw new Refusal('tpm-malformed', { field: 'signature', got: alg });
  }
}

/** TPMT_SIGNATURE of ECDSA, as VerifySignature takes it. Part 2 §11.3.4. */
export function encodeEcdsa(hash: HashName, r: Uint8Array, s: Uint8Array): Uint8Array {
  const head = new Writer().u16(TPM_ALG.ECDSA).u16(HASH_ALG[hash]).finish();
  return concat(head, sized(r), sized(s));
}

/** A ticket: proof by the TPM to itself, bound to this boot. Part 2 §10.7. */
export type Ticket = Uint8Array;

/** Reads a ticket whole, hierarchy and HMAC. Refuses `tpm-malformed` for another tag. */
export function readTicket(reader: Reader, tag: number): Ticket {
  const got = reader.u16();
  if (got !== tag) throw new Refusal('tpm-malformed', { field: 'ticket', expected: tag, got });
  const hierarchy = reader.u32();
  return new Writer()
    .u16(tag)
    .u32(hierarchy)
    .raw(sized(readSized(reader)))
    .finish();
}
