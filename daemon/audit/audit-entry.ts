/**
 * One entry of the audit log, and the line it is written as.
 *
 *     {"at":"2026-11-21T05:50:58.123Z","event":"entry.created","fields":{"id":"…"},
 *      "previous":"<64 hex digits>","seq":7}
 *
 * A line is the JCS form of one object, here broken in two. `previous` is the SHA-256 of the bytes
 * of the line before, without its line feed; the first line has 64 zeros there, and `seq` 1.
 * Fields have an object of their own, so that no field can pass for a member of the line.
 */

import { assert } from '../../core/assert.ts';
import {
  encodeCanonical,
  isObject,
  type Json,
  type JsonObject,
  parseCanonical,
} from '../../core/canonical.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { AUDIT_FIELD_CHARS_MAX, AUDIT_LINE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';

/** What an event says about itself. Whatever is no safe integer is text there. */
export type AuditFields = Readonly<Record<string, string | number | bigint | boolean>>;

/** One entry as it stands in the log. */
export interface AuditEntry {
  readonly seq: number;
  /** RFC 3339 in UTC with milliseconds, by the clock of this machine. */
  readonly at: string;
  readonly event: string;
  readonly previous: Digest;
  readonly fields: JsonObject;
}

/** The last line of a log: how many entries there are, and what the next one refers to. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: Digest;
}

/** The head of a log without a line. */
export const EMPTY_HEAD: AuditHead = { seq: 0, hash: '0'.repeat(64) as Digest };

const EVENT = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*$/;
const DIGEST = /^[0-9a-f]{64}$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
const MEMBERS = 5;

/** The entry that follows `head`. A long text is cut: the log is evidence, not an archive. */
export function nextEntry(
  head: AuditHead,
  at: string,
  event: string,
  fields: AuditFields,
): AuditEntry {
  assert(EVENT.test(event), `not the name of an event: ${event}`);
  const plain = Object.entries(fields).map(([name, value]) => [name, fieldOf(value)]);
  return { seq: head.seq + 1, at, event, previous: head.hash, fields: Object.fromEntries(plain) };
}

/** The bytes of an entry's line, without the line feed. */
export function encodeEntry(entry: AuditEntry): Uint8Array {
  const line = encodeCanonical({ ...entry });
  assert(line.length < AUDIT_LINE_BYTES_MAX, 'the fields of an event fit a line');
  return line;
}

/** What the line after `line` has to refer to. */
export function hashOfLine(line: Uint8Array): Digest {
  return digestOf(line);
}

/**
 * Reads one line, without its line feed. Refuses as `core/canonical` does, and `audit-broken` where
 * a member of its own is absent or out of form. Whether the line follows another is not asked here.
 */
export function decodeEntry(line: Uint8Array): AuditEntry {
  const value = parseCanonical(line, AUDIT_LINE_BYTES_MAX);
  if (!isObject(value)) throw malformed('not an object');
  const { seq, at, event, previous, fields } = value;
  if (Object.keys(value).length !== MEMBERS) throw malformed('a surplus one');
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) throw malformed('seq');
  if (typeof at !== 'string' || !TIME.test(at)) throw malformed('at');
  if (typeof event !== 'string' || !EVENT.test(event)) throw malformed('event');
  if (typeof previous !== 'string' || !DIGEST.test(previous)) throw malformed('previous');
  if (!isObject(fields)) throw malformed('fields');
  return { seq, at, event, previous: previous as Digest, fields };
}

function malformed(member: string): Refusal {
  return new Refusal('audit-broken', { why: 'syntax', member });
}

function fieldOf(value: string | number | bigint | boolean): Json {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return Number.isSafeInteger(value) ? Number(value) : String(value);
  const text = value.toWellFormed();
  return text.length <= AUDIT_FIELD_CHARS_MAX ? text : `${cut(text)}…`;
}

/** Cuts without leaving half a character behind. */
function cut(text: string): string {
  return text.slice(0, AUDIT_FIELD_CHARS_MAX - 1).toWellFormed();
}
