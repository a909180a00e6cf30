/**
 * Range-based reconciliation: how two sides find in what two sets differ, for a few bytes where
 * they hardly do (PROTOCOL §6.1).
 *
 * A set is of ids of 32 bytes; a range is all ids that begin with the same hex digits. Each note
 * says a sum over a range, and whoever holds something else there answers with the sums of its
 * sixteen parts, or, where he holds little, with the ids. Neither side keeps a round: a frame that
 * was lost costs the next comparison, which passes over all that agrees by then.
 *
 * A sum is a hash over the ids in order and not a sum of theirs, so that nobody can prepare two
 * sets that have one; sets are small enough for that.
 */

import { fromHex, type Reader, toHex, toUtf8, type Writer } from '../core/bytes.ts';
import { DIGEST_BYTES, sha256 } from '../core/digest.ts';
import { RANGE_IDS_MAX, RANGES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';

/** An id: 64 hex digits. */
export type RangeId = string;

/** What one side says of a range. */
export type RangeNote =
  | { readonly kind: 'sum'; readonly prefix: string; readonly sum: string }
  /** All that it holds there, rising. */
  | { readonly kind: 'ids'; readonly prefix: string; readonly ids: readonly RangeId[] };

/** What follows from the notes of the other side. */
export interface Reconciled {
  /** What to say in turn; empty where there is no more to find out. */
  readonly notes: readonly RangeNote[];
  /** Ids that the other side holds and we do not, as far as known by now. */
  readonly lacking: readonly RangeId[];
  /** Ids that we hold and the other side does not. */
  readonly surplus: readonly RangeId[];
}

const DIGITS = [...'0123456789abcdef'];
const ID_DIGITS = 2 * DIGEST_BYTES;
const SUM_BYTES = 16;
const SUM_LABEL = toUtf8('holdfast/ranges/v1\0');
const KINDS = ['sum', 'ids'] as const;

/** The sum over all ids of a rising list that begin with `prefix`. */
export function noteOf(ids: readonly RangeId[], prefix = ''): RangeNote & { readonly kind: 'sum' } {
  return { kind: 'sum', prefix, sum: sumOf(within(ids, prefix)) };
}

/** The sums over the sixteen parts of a range. */
export function partsOf(ids: readonly RangeId[], prefix = ''): readonly RangeNote[] {
  return DIGITS.map((digit) => noteOf(ids, prefix + digit));
}

/** Compares what we hold, rising, with what the other side said of some ranges. */
export function reconcile(ids: readonly RangeId[], theirs: readonly RangeNote[]): Reconciled {
  const notes: RangeNote[] = [];
  const lacking: RangeId[] = [];
  const surplus: RangeId[] = [];
  for (const note of theirs) {
    const { prefix } = note;
    const mine = within(ids, prefix);
    if (note.kind === 'ids') {
      const [ours, said] = [new Set(mine), new Set(note.ids)];
      lacking.push(...note.ids.filter((id) => !ours.has(id)));
      surplus.push(...mine.filter((id) => !said.has(id)));
    } else if (note.sum !== sumOf(mine)) {
      const isFew = mine.length <= RANGE_IDS_MAX || prefix.length === ID_DIGITS;
      notes.push(
        ...(isFew ? [{ kind: 'ids', prefix, ids: mine } as const] : partsOf(mine, prefix)),
      );
    }
  }
  // What does not fit is found by the next comparison, which passes over what agrees by then.
  return { notes: notes.slice(0, RANGES_MAX), lacking, surplus };
}

/** u8 digits ‖ prefix, filled up with a zero ‖ u8 0 ‖ sum 16 | u8 1 ‖ u8 n ≤ 16 ‖ n × id 32 */
export function writeNote(writer: Writer, note: RangeNote): void {
  const { prefix } = note;
  writer.u8(prefix.length).raw(fromHex(prefix.padEnd(evenLength(prefix), '0')));
  writer.u8(KINDS.indexOf(note.kind));
  if (note.kind === 'sum') {
    writer.raw(fromHex(note.sum));
    return;
  }
  writer.u8(note.ids.length);
  for (const id of note.ids) writer.raw(fromHex(id));
}

/** Reads one note. Refuses `frame-malformed`, `too-large` and `truncated`. */
export function readNote(reader: Reader): RangeNote {
  const digits = reader.u8();
  if (digits > ID_DIGITS) throw new Refusal('frame-malformed', { digits });
  const padded = toHex(reader.take((digits + (digits % 2)) / 2));
  const prefix = padded.slice(0, digits);
  if (padded !== prefix.padEnd(padded.length, '0')) {
    throw new Refusal('frame-malformed', { prefix: padded });
  }
  const kind = KINDS[reader.u8()];
  if (kind === 'sum') return { kind, prefix, sum: toHex(reader.take(SUM_BYTES)) };
  if (kind === undefined) throw new Refusal('frame-malformed', { what: 'range' });
  const count = reader.u8();
  if (count > RANGE_IDS_MAX) throw new Refusal('too-large', { limit: RANGE_IDS_MAX, got: count });
  const ids = Array.from({ length: count }, () => toHex(reader.take(DIGEST_BYTES)));
  if (!isRising(ids) || ids.some((id) => !id.startsWith(prefix))) {
    throw new Refusal('frame-malformed', { prefix, what: 'ids' });
  }
  return { kind, prefix, ids };
}

/**
 * Checks that no two notes of a frame are about one id, so that a frame costs no more hashing than
 * the set is large. Refuses `frame-malformed`.
 */
export function checkApart(notes: readonly RangeNote[]): void {
  for (const [i, { prefix }] of notes.entries()) {
    const before = notes[i - 1]?.prefix;
    if (before === undefined) continue;
    if (before >= prefix || prefix.startsWith(before)) {
      throw new Refusal('frame-malformed', { prefix, before });
    }
  }
}

function within(ids: readonly RangeId[], prefix: string): readonly RangeId[] {
  return prefix === '' ? ids : ids.filter((id) => id.startsWith(prefix));
}

function sumOf(ids: readonly RangeId[]): string {
  return toHex(sha256(SUM_LABEL, ...ids.map(fromHex)).subarray(0, SUM_BYTES));
}

function isRising(ids: readonly RangeId[]): boolean {
  return ids.every((id, i) => i === 0 || (ids[i - 1] ?? '') < id);
}

function evenLength({ length }: string): number {
  return length + (length % 2);
}
