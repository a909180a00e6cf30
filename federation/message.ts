/**
 * Frames of `/holdfast/sync/1` (PROTOCOL §6.1). Each stands alone: both sides keep no round.
 *
 *     0x01 interest   u16 n ‖ n × tag 16
 *     0x02 digest     32 bytes over all summary rows the two share
 *     0x03 summary    u16 n ‖ n × row 84
 *     0x04 want       u16 n ‖ n × (tag 16 ‖ u8 what ‖ 32 bytes argument)
 *     0x05 envelope   an envelope
 *     0x06 tick       43 bytes
 *     0x07 question   tag 16 ‖ nonce 32
 *     0x08 answer     tag 16 ‖ an answer (`time-answer.ts`)
 *     0x09 proof      two beacons under one number (`equivocation.ts`)
 *     0x0a ticks      u16 n ‖ n × tick 43              on links without gossip
 *     0x0b ranges     tag 16, zeros for the rows of the link ‖ u16 n ‖ n × note (`ranges.ts`)
 *     0x0c lack       as a want: what was asked for and is not here
 *     0x0d turn       tag 16 ‖ nonce 32
 *     0x0e waiting    tag 16 ‖ the word of a standby (`tether.ts`)
 *
 * Domains are named by tags, SHA-256("holdfast/interest/v1\0" ‖ handshake hash ‖ domain) cut to 16
 * bytes: a peer learns of a domain only if it knew to ask for it, so the coalition's graph stays
 * with those who are in it (PROTOCOL §6.4).
 */

import { assert } from '../core/assert.ts';
import { concat, fromHex, layHex, Reader, toHex, toUtf8, Writer } from '../core/bytes.ts';
import { DIGEST_BYTES, type Digest, sha256 } from '../core/digest.ts';
import {
  FRAME_BYTES_MAX,
  RANGES_MAX,
  SUMMARY_DOMAINS_MAX,
  TICKS_MAX,
  WANTS_MAX,
} from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { checkApart, type RangeNote, readNote, writeNote } from './ranges.ts';
import { TICK_BYTES } from './tick.ts';
import { NONCE_BYTES } from './time-answer.ts';

/** A domain's name between two peers: 32 hex digits. */
export type Tag = string;
/** Bytes of a tag. */
export const TAG_BYTES = 16;
const TAG_LABEL = toUtf8('holdfast/interest/v1\0');
/** Bytes of the digest over the contents held. */
const CONTENTS_BYTES = 8;
/** Bytes of a row: tag, u64 Root, u64 lineage, u8 rank, u64 epoch, beacon, u24 tick, contents. */
export const ROW_BYTES = TAG_BYTES + 8 + 8 + 1 + 8 + DIGEST_BYTES + 3 + CONTENTS_BYTES;

/** Bytes of a want: tag, u8 what, argument. */
const WANT_BYTES = TAG_BYTES + 1 + DIGEST_BYTES;
/** Before a list: the code, and a u16 that counts its items. */
const LIST_HEAD_BYTES = 3;
const ITEMS_MAX = 2 ** 16 - 1;

/** What one side holds of one domain. */
export interface SummaryRow {
  readonly tag: Tag;
  readonly rootVersion: bigint;
  readonly lineage: bigint;
  readonly rank: number;
  readonly epoch: bigint;
  /** Digest of the newest beacon, or zeros. */
  readonly beacon: Digest;
  /** Highest verified tick, or 2^24−1 once stopped. */
  readonly tick: number;
  /** Over the manifest, revocations and documents held that this peer may read, 16 hex digits. */
  readonly contents: string;
}

/**
 * What a want may name. A Root is asked for by version, the rest by digest; of what no
 * manifest pins a proof by the id of the key that it is against, and an override by its mark.
 */
export const WANT_KINDS = [
  'root',
  'beacon',
  'tick',
  'manifest',
  'document',
  'unpinned',
  'past',
] as const;
/** One of `WANT_KINDS`; on the wire it is its index there. */
export type WantKind = (typeof WANT_KINDS)[number];

/** One thing that a peer is asked for. */
export interface Want {
  readonly tag: Tag;
  readonly what: WantKind;
  /** A version as 64 hex digits for a Root, else a digest. */
  readonly argument: string;
}

/** One frame, decoded; the envelope or tick inside is unverified. */
export type Frame =
  | { readonly kind: 'interest'; readonly tags: readonly Tag[] }
  | { readonly kind: 'digest'; readonly digest: string }
  | { readonly kind: 'summary'; readonly rows: readonly SummaryRow[] }
  | { readonly kind: 'want'; readonly wants: readonly Want[] }
  /** Of what was asked for, that which is not here to be given. */
  | { readonly kind: 'lack'; readonly wants: readonly Want[] }
  | { readonly kind: 'envelope'; readonly bytes: Uint8Array }
  | { readonly kind: 'proof'; readonly bytes: Uint8Array }
  | { readonly kind: 'tick'; readonly bytes: Uint8Array }
  /** What time is it in that domain? */
  | { readonly kind: 'question'; readonly tag: Tag; readonly nonce: Uint8Array }
  | { readonly kind: 'answer'; readonly tag: Tag; readonly bytes: Uint8Array }
  /** Has the standby taken over? */
  | { readonly kind: 'turn'; readonly tag: Tag; readonly nonce: Uint8Array }
  | { readonly kind: 'waiting'; readonly tag: Tag; readonly bytes: Uint8Array }
  | { readonly kind: 'ticks'; readonly ticks: readonly Uint8Array[] }
  /** How our set stands in some ranges: what no manifest of a domain pins, or rows of the link. */
  | { readonly kind: 'ranges'; readonly tag: Tag; readonly notes: readonly RangeNote[] };

/** Stands for no domain: ranges under it are of the rows of the link. */
export const NO_TAG: Tag = '0'.repeat(2 * TAG_BYTES);

const CODES = {
  ...{ interest: 1, digest: 2, summary: 3, want: 4, envelope: 5, tick: 6 },
  ...{ question: 7, answer: 8, proof: 9, ticks: 10, ranges: 11, lack: 12 },
  ...{ turn: 13, waiting: 14 },
} as const;

/** The tag of a domain on one link. */
export function tagOf(domain: TrustDomain, binding: Uint8Array): Tag {
  return toHex(sha256(TAG_LABEL, binding, toUtf8(domain)).subarray(0, TAG_BYTES));
}

/** The argument of a want for a Root of that version. */
export function versionArgument(version: bigint): string {
  return version.toString(16).padStart(2 * DIGEST_BYTES, '0');
}

/** The bytes of a frame. */
export function encodeFrame(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case 'interest':
      return encodeList(frame.kind, frame.tags, TAG_BYTES, layHex);
    case 'summary':
      return encodeList(frame.kind, frame.rows, ROW_BYTES, layRow);
    case 'want':
    case 'lack':
      return encodeList(frame.kind, frame.wants, WANT_BYTES, layWant);
    case 'ticks':
      return encodeList(frame.kind, frame.ticks, TICK_BYTES, layBytes);
    case 'digest':
      return coded(frame.kind, fromHex(frame.digest));
    case 'question':
    case 'turn':
      return coded(frame.kind, fromHex(frame.tag), frame.nonce);
    case 'answer':
    case 'waiting':
      return coded(frame.kind, fromHex(frame.tag), frame.bytes);
    case 'ranges': {
      const notes = new Writer().u16(frame.notes.length);
      for (const note of frame.notes) writeNote(notes, note);
      return coded(frame.kind, fromHex(frame.tag), notes.finish());
    }
    default:
      return coded(frame.kind, frame.bytes);
  }
}

function coded(kind: Frame['kind'], ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(CODES[kind]), ...parts);
}

/** Items of one width, each laid out at its place: frames of them are most of what is said. */
function encodeList<T>(
  kind: Frame['kind'],
  items: readonly T[],
  width: number,
  lay: (out: Uint8Array, at: number, item: T) => void,
): Uint8Array {
  assert(items.length <= ITEMS_MAX, 'a list in a frame is counted by a u16');
  const out = new Uint8Array(LIST_HEAD_BYTES + items.length * width);
  out.set([CODES[kind], items.length >> 8, items.length]);
  for (const [i, item] of items.entries()) lay(out, LIST_HEAD_BYTES + i * width, item);
  return out;
}

/**
 * Reads a frame. Refuses `too-large`, `truncated`, `trailing-bytes`, `frame-malformed` and
 * `frame-unknown`.
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length > FRAME_BYTES_MAX) {
    throw new Refusal('too-large', { limit: FRAME_BYTES_MAX, got: bytes.length });
  }
  const reader = new Reader(bytes);
  const code = reader.u8();
  const frame = decodeBody(code, reader);
  reader.end();
  return frame;
}

/** Lays the bytes of a row out in `out`, from `at` on. */
export function layRow(out: Uint8Array, at: number, row: SummaryRow): void {
  const fields = new DataView(out.buffer, out.byteOffset + at, ROW_BYTES);
  layHex(out, at, row.tag);
  fields.setBigUint64(16, row.rootVersion);
  fields.setBigUint64(24, row.lineage);
  fields.setUint8(32, row.rank);
  fields.setBigUint64(33, row.epoch);
  layHex(out, at + 41, row.beacon);
  layTick(out, at, row.tick);
  layHex(out, at + 76, row.contents);
}

/** Lays another tick out in the row that begins at `at`. */
export function layTick(out: Uint8Array, at: number, tick: number): void {
  out[at + 73] = tick >> 16;
  out[at + 74] = tick >> 8;
  out[at + 75] = tick;
}

function layBytes(out: Uint8Array, at: number, bytes: Uint8Array): void {
  out.set(bytes, at);
}

function layWant(out: Uint8Array, at: number, { tag, what, argument }: Want): void {
  layHex(out, at, tag);
  out[at + TAG_BYTES] = WANT_KINDS.indexOf(what);
  layHex(out, at + TAG_BYTES + 1, argument);
}

function decodeBody(code: number, reader: Reader): Frame {
  switch (code) {
    case CODES.interest:
      return { kind: 'interest', tags: readTags(reader) };
    case CODES.digest:
      return { kind: 'digest', digest: toHex(reader.take(DIGEST_BYTES)) };
    case CODES.summary:
      return { kind: 'summary', rows: many(reader, SUMMARY_DOMAINS_MAX, readRow) };
    case CODES.want:
      return { kind: 'want', wants: many(reader, WANTS_MAX, readWant) };
    case CODES.lack:
      return { kind: 'lack', wants: many(reader, WANTS_MAX, readWant) };
    case CODES.envelope:
      return { kind: 'envelope', bytes: reader.take(reader.remaining) };
    case CODES.proof:
      return { kind: 'proof', bytes: reader.take(reader.remaining) };
    case CODES.tick:
      return { kind: 'tick', bytes: reader.take(TICK_BYTES) };
    case CODES.question:
      return { kind: 'question', tag: readTag(reader), nonce: reader.take(NONCE_BYTES) };
    case CODES.answer:
      return { kind: 'answer', tag: readTag(reader), bytes: reader.take(reader.remaining) };
    case CODES.turn:
      return { kind: 'turn', tag: readTag(reader), nonce: reader.take(NONCE_BYTES) };
    case CODES.waiting:
      return { kind: 'waiting', tag: readTag(reader), bytes: reader.take(reader.remaining) };
    case CODES.ticks:
      return { kind: 'ticks', ticks: many(reader, TICKS_MAX, (each) => each.take(TICK_BYTES)) };
    case CODES.ranges:
      return readRanges(reader);
    default:
      // PROTOCOL §6.1 — a later version says here what is new in it, and is not blamed for that.
      throw new Refusal('frame-unknown', { code });
  }
}

function readRanges(reader: Reader): Frame {
  const tag = readTag(reader);
  const notes = many(reader, RANGES_MAX, readNote);
  checkApart(notes);
  return { kind: 'ranges', tag, notes };
}

function many<T>(reader: Reader, max: number, read: (reader: Reader) => T): readonly T[] {
  return Array.from({ length: readCount(reader, max) }, () => read(reader));
}

function readCount(reader: Reader, max: number): number {
  const count = reader.u16();
  if (count > max) throw new Refusal('too-large', { limit: max, got: count });
  return count;
}

/** As many as a thousand, by anybody: the hex of all is made at once, and each tag is a piece. */
function readTags(reader: Reader): readonly Tag[] {
  const count = readCount(reader, SUMMARY_DOMAINS_MAX);
  const hex = toHex(reader.take(count * TAG_BYTES));
  return Array.from({ length: count }, (_, i) => {
    return hex.slice(i * 2 * TAG_BYTES, (i + 1) * 2 * TAG_BYTES);
  });
}

function readTag(reader: Reader): Tag {
  return toHex(reader.take(TAG_BYTES));
}

function readRow(reader: Reader): SummaryRow {
  return {
    tag: readTag(reader),
    rootVersion: reader.u64(),
    lineage: reader.u64(),
    rank: reader.u8(),
    epoch: reader.u64(),
    beacon: toHex(reader.take(DIGEST_BYTES)) as Digest,
    tick: reader.u24(),
    contents: toHex(reader.take(CONTENTS_BYTES)),
  };
}

function readWant(reader: Reader): Want {
  const tag = readTag(reader);
  const code = reader.u8();
  const what = WANT_KINDS[code];
  if (what === undefined) throw new Refusal('frame-malformed', { want: code });
  return { tag, what, argument: toHex(reader.take(DIGEST_BYTES)) };
}
