/**
 * DER, as much as endorsement certificates need: a strict reader, and the two forms of a public
 * key as SubjectPublicKeyInfo (ITU-T X.690 §10, RFC 5280 §4.1).
 *
 * Definite lengths in their shortest form and tags of one octet, nothing else. It never recurses.
 * Every refusal is `bad-encoding`; the caller says what the bytes were meant to be.
 */

import { assert } from '../core/assert.ts';
import { concat, fromHex } from '../core/bytes.ts';
import { Refusal } from '../core/refusal.ts';
import { DAY_MS, SECOND_MS, UNIX_MS_MAX, type UnixMs, unixMs } from '../core/time.ts';

/** Identifier octets (X.690 §8.1.2). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element, as views that share memory. */
export interface DerElement {
  readonly tag: number;
  readonly contents: Uint8Array;
  /** With tag and length: what a signature covers. */
  readonly raw: Uint8Array;
}

/** Reads elements one after the other. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next element, whatever it is. */
  next(): DerElement {
    const from = this.#at;
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) refuse('a tag of several octets');
    const size = this.#length();
    if (size > this.#bytes.length - this.#at) refuse('an element beyond the end');
    const contents = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return { tag, contents, raw: this.#bytes.subarray(from, this.#at) };
  }

  /** The next element, which must bear `tag`. */
  expect(tag: number): DerElement {
    const element = this.next();
    if (element.tag !== tag) refuse(`tag ${element.tag} instead of ${tag}`);
    return element;
  }

  /** The next element if it bears `tag`; otherwise nothing is consumed. */
  optional(tag: number): DerElement | undefined {
    return this.#bytes[this.#at] === tag ? this.next() : undefined;
  }

  /** Opens the next element, which must bear `tag`. */
  open(tag: number): DerReader {
    return new DerReader(this.expect(tag).contents);
  }

  /** Refuses anything that follows. */
  end(): void {
    if (!this.isAtEnd) refuse('octets after the last element');
  }

  #octet(): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) refuse('the end within an element');
    this.#at += 1;
    return octet;
  }

  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const octets = first & 0x7f;
    if (octets < 1 || octets > 3) refuse('an indefinite or absurd length');
    let size = 0;
    for (let i = 0; i < octets; i++) size = size * 256 + this.#octet();
    if (size < (octets === 1 ? 0x80 : 256 ** (octets - 1))) refuse('a length not in its shortest');
    return size;
  }
}

/** INTEGER contents that are not negative, as a big-endian magnitude. */
export function decodeUnsigned(contents: Uint8Array): Uint8Array {
  const [first] = contents;
  if (first === undefined || first >= 0x80) refuse('a negative or empty integer');
  return first === 0 && contents.length > 1 ? contents.subarray(1) : contents;
}

/** An INTEGER small enough to count with, below 2^31. */
export function decodeCount(contents: Uint8Array): number {
  const magnitude = decodeUnsigned(contents);
  if (magnitude.length > 4) refuse('an absurd count');
  return magnitude.reduce((value, octet) => value * 256 + octet, 0);
}

/** BIT STRING contents of whole octets. */
export function decodeOctetBits(contents: Uint8Array): Uint8Array {
  if (contents[0] !== 0) refuse('a bit string of broken octets');
  return contents.subarray(1);
}

/** OBJECT IDENTIFIER contents, dotted. */
export function decodeOid(contents: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of contents) {
    arc = arc * 128 + (octet & 0x7f);
    if (arc > 0xffff_ffff) refuse('an absurd object identifier');
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [head, ...rest] = arcs;
  if (head === undefined || (contents.at(-1) ?? 0) >= 0x80) refuse('half an object identifier');
  const root = Math.min(2, Math.floor(head / 40));
  return [root, head - 40 * root, ...rest].join('.');
}

/** `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ` (RFC 5280 §4.1.2.5); before 1970 counts as 1970. */
export function decodeTime({ tag, contents }: DerElement): UnixMs {
  const text = String.fromCharCode(...contents.subarray(0, 16));
  const short = tag === TAG.utcTime && /^[0-9]{12}Z$/.test(text);
  const long = tag === TAG.generalizedTime && /^[0-9]{14}Z$/.test(text);
  if (!short && !long) refuse('not a time');
  const century = Number.parseInt(text.slice(0, 2), 10) < 50 ? '20' : '19';
  const digits = short ? century + text : text;
  const field = (from: number, to: number): number => Number.parseInt(digits.slice(from, to), 10);
  const days = daysOf(field(0, 4), field(4, 6), field(6, 8));
  const seconds = (field(8, 10) * 60 + field(10, 12)) * 60 + field(12, 14);
  const moment = days * DAY_MS + seconds * SECOND_MS;
  return unixMs(Math.min(UNIX_MS_MAX, Math.max(0, moment)));
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Days from 1970-01-01 to a date of the Gregorian calendar. */
function daysOf(year: number, month: number, day: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const length = (MONTH_DAYS[month - 1] ?? 0) + (leap && month === 2 ? 1 : 0);
  if (day < 1 || day > length) refuse('a day that does not exist');
  const past = year - 1;
  const yearDays =
    365 * past + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  const monthDays = MONTH_DAYS.slice(0, month - 1).reduce((sum, days) => sum + days, 0);
  return yearDays + monthDays + (leap && month > 2 ? 1 : 0) + day - 1 - 719_162;
}

/** One element of our own: a tag, the shortest length, the contents joined. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = concat(...contents);
  assert(body.length < 0x1_0000, 'an element of ours stays below 64 KiB');
  const size = body.length.toString(16).padStart(body.length < 0x100 ? 2 : 4, '0');
  const long = body.length < 0x80 ? [] : [0x80 | (size.length / 2)];
  return concat(Uint8Array.of(tag, ...long), fromHex(size), body);
}

/** A non-negative INTEGER of a big-endian magnitude. */
export function encodeUnsigned(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((octet) => octet !== 0);
  const shortest = magnitude.subarray(first < 0 ? magnitude.length - 1 : first);
  const sign = (shortest[0] ?? 0) >= 0x80 ? new Uint8Array(1) : new Uint8Array(0);
  return encodeDer(TAG.integer, sign, shortest);
}

function refuse(why: string): never {
  throw new Refusal('bad-encoding', { encoding: 'DER', why });
}
