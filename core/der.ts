/**
 * DER, as much of it as X.509 needs: a writer for what we issue and a strict reader for what
 * others show us (ITU-T X.690 §10).
 *
 * The reader knows definite lengths in their shortest form and single-byte tags, and nothing else:
 * BER's other spellings are how one certificate is read in two ways. It never recurses, and
 * whoever opens a constructed element says where it must end. What the fields mean is told by
 * `certificate.ts`.
 */

import { assert } from './assert.ts';
import { concat } from './bytes.ts';
import { civilTimeOf, momentOf } from './calendar.ts';
import { Refusal } from './refusal.ts';
import type { UnixMs } from './time.ts';

/** Tags by their whole identifier octet (X.690 §8.1.2). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag `[number]` of a context, primitive or constructed. */
export function contextTag(number: number, form: 'primitive' | 'constructed'): number {
  assert(number >= 0 && number < 31, 'a context tag of one octet');
  return 0x80 | (form === 'constructed' ? 0x20 : 0) | number;
}

/** One element: tag, shortest length, and the contents joined. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of contents) size += part.length;
  assert(size < 0x100_0000, 'an element of ours stays below 16 MiB');
  const header = size < 0x80 ? 2 : size < 0x100 ? 3 : size < 0x1_0000 ? 4 : 5;
  const out = new Uint8Array(header + size);
  out[0] = tag;
  if (header === 2) out[1] = size;
  else out[1] = 0x80 | (header - 2);
  for (let i = 2; i < header; i++) out[i] = size >>> (8 * (header - 1 - i));
  let at = header;
  for (const part of contents) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A non-negative INTEGER of big-endian magnitude, in its shortest form. */
export function encodeUnsigned(magnitude: Uint8Array): Uint8Array {
  let from = 0;
  while (from < magnitude.length - 1 && magnitude[from] === 0) from += 1;
  const shortest = magnitude.subarray(from);
  const positive =
    ((shortest[0] ?? 0) & 0x80) === 0 ? shortest : concat(new Uint8Array(1), shortest);
  return encodeDer(TAG.integer, positive);
}

/** A BIT STRING of whole octets. */
export function encodeBitString(bytes: Uint8Array): Uint8Array {
  return encodeDer(TAG.bitString, NO_UNUSED_BITS, bytes);
}

/** The widest arc of an OBJECT IDENTIFIER that is read: a UUID below 2.25 (X.667 §6). */
const OID_ARC_BITS = 128n;

/** An OBJECT IDENTIFIER from its dotted spelling. */
export function encodeOid(dotted: string): Uint8Array {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  const octets = [first * 40n + second, ...rest].flatMap((arc) => {
    const groups = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(0x80 | Number(left & 0x7fn));
    return groups;
  });
  return encodeDer(TAG.oid, Uint8Array.from(octets));
}

/** A Time in whole seconds: UTCTime through 2049, then GeneralizedTime (RFC 5280 §4.1.2.5). */
export function encodeTime(at: UnixMs): Uint8Array {
  const { year, month, day, hour, minute, second } = civilTimeOf(at);
  const isUtc = year < 2050;
  const rest = [month, day, hour, minute, second].map(twoDigits).join('');
  const text = `${isUtc ? twoDigits(year % 100) : String(year)}${rest}Z`;
  return encodeDer(isUtc ? TAG.utcTime : TAG.generalizedTime, ascii(text));
}

/** One element as the reader found it. All three are views that share memory. */
export interface DerElement {
  readonly tag: number;
  readonly contents: Uint8Array;
  /** Tag and length included: what a signature or a hash covers. */
  readonly raw: Uint8Array;
}

/** Reads elements one after the other. Every refusal is `bad-encoding` with a `why`. */
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
    if (size > this.#bytes.length - this.#at) refuse('an element that runs past its holder');
    const contents = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return { tag, contents, raw: this.#bytes.subarray(from, this.#at) };
  }

  /** The next element, which must bear `tag`. */
  expect(tag: number): DerElement {
    const element = this.next();
    if (element.tag !== tag) refuse(`expected tag ${tag}, got ${element.tag}`);
    return element;
  }

  /** The next element if it bears `tag`; otherwise nothing is consumed. */
  optional(tag: number): DerElement | undefined {
    return this.#bytes[this.#at] === tag ? this.next() : undefined;
  }

  /** Opens the next element, which must bear `tag`, for reading what it holds. */
  open(tag: number): DerReader {
    return new DerReader(this.expect(tag).contents);
  }

  /** Refuses anything that follows. */
  end(): void {
    if (!this.isAtEnd) refuse('octets follow the last element');
  }

  #octet(): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) refuse('the input ends inside an element');
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
    const least = octets === 1 ? 0x80 : 256 ** (octets - 1);
    if (size < least) refuse('a length that is not the shortest');
    return size;
  }
}

/** BOOLEAN contents: DER knows 0x00 and 0xff only. */
export function decodeBoolean(contents: Uint8Array): boolean {
  const [value] = contents;
  if (contents.length !== 1 || (value !== 0 && value !== 0xff)) refuse('not a boolean');
  return value === 0xff;
}

/** INTEGER contents that are not negative, as big-endian magnitude without the sign octet. */
export function decodeUnsigned(contents: Uint8Array): Uint8Array {
  const [first, second = 0] = contents;
  if (first === undefined || first >= 0x80) refuse('a negative or empty integer');
  if (first === 0 && contents.length > 1) {
    if (second < 0x80) refuse('an integer that is not the shortest');
    return contents.subarray(1);
  }
  return contents;
}

/** An INTEGER small enough to count with, below 2^32. */
export function decodeCount(contents: Uint8Array): number {
  const magnitude = decodeUnsigned(contents);
  if (magnitude.length > 4) refuse('an absurd count');
  return magnitude.reduce((value, octet) => value * 256 + octet, 0);
}

/** BIT STRING contents of whole octets. */
export function decodeOctetBits(contents: Uint8Array): Uint8Array {
  if (contents[0] !== 0) refuse('a bit string with unused bits');
  return contents.subarray(1);
}

/** OBJECT IDENTIFIER contents, dotted. */
export function decodeOid(contents: Uint8Array): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  let isFirstOctet = true;
  for (const octet of contents) {
    if (isFirstOctet && octet === 0x80) refuse('an object identifier with a padded arc');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (arc >> OID_ARC_BITS !== 0n) refuse('an object identifier with an absurd arc');
    isFirstOctet = octet < 0x80;
    if (!isFirstOctet) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [head, ...rest] = arcs;
  if (head === undefined || !isFirstOctet) refuse('an object identifier that does not end');
  const root = head < 80n ? head / 40n : 2n;
  return [root, head - 40n * root, ...rest].join('.');
}

/** A Time: `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`, nothing else (RFC 5280 §4.1.2.5). */
export function decodeTime(element: DerElement): UnixMs {
  const isUtc = element.tag === TAG.utcTime;
  if (!isUtc && element.tag !== TAG.generalizedTime) refuse('not a time');
  const text = String.fromCharCode(...element.contents.subarray(0, 16));
  if (!(isUtc ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) refuse('a time in another spelling');
  const yearDigits = isUtc ? 2 : 4;
  const field = (at: number): number => Number.parseInt(text.slice(at, at + 2), 10);
  const written = Number.parseInt(text.slice(0, yearDigits), 10);
  const moment = momentOf({
    year: isUtc ? (written < 50 ? 2000 + written : 1900 + written) : written,
    month: field(yearDigits),
    day: field(yearDigits + 2),
    hour: field(yearDigits + 4),
    minute: field(yearDigits + 6),
    second: field(yearDigits + 8),
  });
  return moment ?? refuse('a day or an hour that does not exist');
}

const NO_UNUSED_BITS = new Uint8Array(1);

function refuse(why: string): never {
  throw new Refusal('bad-encoding', { encoding: 'DER', why });
}

/** The octets of a text that is ASCII: the contents of its string types. */
export function ascii(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
