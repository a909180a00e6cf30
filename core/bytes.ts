/**
 * Bytes in and out of text, and bounded readers and writers for binary messages.
 *
 * One spelling only: hex is lower case, base64url has no padding and no stray bits, UTF-8 has no
 * surrogates and no replacement characters. `Buffer.from` is not used anywhere, because it drops
 * what it does not understand, and an attacker chooses what that is.
 */

import { assert, Bug } from './assert.ts';
import { Refusal } from './refusal.ts';

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
/** The value of a hex digit by its code; −1 for what is none. */
const HEX_DIGITS = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code)),
);
/** Bytes that a writer begins with: as many as V8 keeps in its own heap, most messages fit. */
const WRITER_BYTES = 64;
/** One more than a u32 holds, and the first high word of a u64 that no number holds exactly. */
const WORD = 2 ** 32;
const SAFE_HIGH = 2 ** 21;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** The engine's own, where it has one: a text put together byte by byte is a chain of pieces. */
const engineHex: ((this: Uint8Array) => string) | undefined = Reflect.get(
  Uint8Array.prototype,
  'toHex',
);

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  if (engineHex !== undefined) return engineHex.call(bytes);
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += HEX[bytes[i] ?? 0];
  return out;
}

/** Reads lower-case hex of an even length. Refuses `bad-encoding`. */
export function fromHex(text: string): Uint8Array {
  const out = new Uint8Array(Math.ceil(text.length / 2));
  layHex(out, 0, text);
  return out;
}

/** Lays what the hex says out in `out`, from `at` on. Refuses as `fromHex`. */
export function layHex(out: Uint8Array, at: number, text: string): void {
  if (text.length % 2 !== 0) throw new Refusal('bad-encoding', { encoding: 'hex' });
  for (let i = 0; i < text.length; i += 2) {
    const high = HEX_DIGITS[text.charCodeAt(i)] ?? -1;
    const low = HEX_DIGITS[text.charCodeAt(i + 1)] ?? -1;
    if (high < 0 || low < 0) throw new Refusal('bad-encoding', { encoding: 'hex' });
    out[at + i / 2] = 16 * high + low;
  }
}

/** base64url without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  return encode64(bytes, B64URL);
}

/** Reads base64url without padding; the unused bits of the last character must be zero. */
export function fromBase64Url(text: string): Uint8Array {
  return decode64(text, B64URL, 'base64url');
}

/** base64 with padding (RFC 4648 §4), as PEM and `x5c` use it. */
export function toBase64(bytes: Uint8Array): string {
  const body = encode64(bytes, B64);
  return body + '='.repeat((4 - (body.length % 4)) % 4);
}

/** Reads base64 with exact padding. Refuses `bad-encoding`. */
export function fromBase64(text: string): Uint8Array {
  const body = text.replace(/={1,2}$/, '');
  if (text.length % 4 !== 0) throw new Refusal('bad-encoding', { encoding: 'base64' });
  return decode64(body, B64, 'base64');
}

const UTF8_ENCODER = new TextEncoder();
const UTF8_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 of a string without lone surrogates. */
export function toUtf8(text: string): Uint8Array {
  const ascii = text.length <= ASCII_MAX ? asciiOf(text) : null;
  if (ascii !== null) return ascii;
  assert(text.isWellFormed(), 'a lone surrogate has no UTF-8');
  return UTF8_ENCODER.encode(text);
}

/** Labels, names and records are short and plain: the encoder takes longer to be called. */
const ASCII_MAX = 96;

function asciiOf(text: string): Uint8Array | null {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return null;
    out[i] = code;
  }
  return out;
}

/** Reads UTF-8. Refuses `bad-encoding` on any malformed sequence; a BOM is kept as a character. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return UTF8_DECODER.decode(bytes);
  } catch {
    throw new Refusal('bad-encoding', { encoding: 'utf-8' });
  }
}

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Equality in time that depends on the lengths alone, for anything secret or signed. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Orders byte strings by their unsigned bytes; a prefix sorts first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Reads big-endian fields off a byte string, and refuses to read past its end. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next `count` bytes, as a view that shares memory. Refuses `truncated`. */
  take(count: number): Uint8Array {
    const from = this.#advance(count);
    return this.#bytes.subarray(from, from + count);
  }

  u8(): number {
    return this.#number(1);
  }

  u16(): number {
    return this.#number(2);
  }

  u24(): number {
    return this.#number(3);
  }

  u32(): number {
    return this.#number(4);
  }

  u64(): bigint {
    const [high, low] = [this.u32(), this.u32()];
    // Most are small, and a shifted bigint is made of three others.
    return high < SAFE_HIGH ? BigInt(high * WORD + low) : (BigInt(high) << 32n) | BigInt(low);
  }

  /** Refuses `trailing-bytes` unless everything was read: two spellings would be two messages. */
  end(): void {
    if (this.remaining !== 0) throw new Refusal('trailing-bytes', { surplus: this.remaining });
  }

  #number(width: 1 | 2 | 3 | 4): number {
    const from = this.#advance(width);
    let value = 0;
    for (let i = from; i < from + width; i++) value = value * 256 + (this.#bytes[i] ?? 0);
    return value;
  }

  #advance(count: number): number {
    if (count > this.remaining) {
      throw new Refusal('truncated', { expected: count, got: this.remaining });
    }
    const from = this.#at;
    this.#at += count;
    return from;
  }
}

/** Builds a byte string of big-endian fields. A number out of range is a bug, not input. */
export class Writer {
  #bytes = new Uint8Array(WRITER_BYTES);
  #length = 0;

  raw(bytes: Uint8Array): this {
    const from = this.#grow(bytes.length);
    this.#bytes.set(bytes, from);
    return this;
  }

  u8(value: number): this {
    return this.#number(value, 1);
  }

  u16(value: number): this {
    return this.#number(value, 2);
  }

  u24(value: number): this {
    return this.#number(value, 3);
  }

  u32(value: number): this {
    return this.#number(value, 4);
  }

  u64(value: bigint): this {
    if (value < 0n || value >= 1n << 64n) throw new Bug(`not a u64: ${value}`);
    if (value > SAFE_MAX) return this.u32(Number(value >> 32n)).u32(Number(value & 0xffff_ffffn));
    const number = Number(value);
    return this.u32(Math.floor(number / WORD)).u32(number % WORD);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #number(value: number, width: 1 | 2 | 3 | 4): this {
    const fits = Number.isInteger(value) && value >= 0 && value < 256 ** width;
    if (!fits) throw new Bug(`not a u${8 * width}: ${value}`);
    const from = this.#grow(width);
    for (let i = width - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) {
      this.#bytes[from + i] = rest % 256;
    }
    return this;
  }

  /** Makes room for `count` more bytes; where they begin. */
  #grow(count: number): number {
    const from = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return from;
  }
}

/** One alphabet of 64 characters: the code of each value, and the value of each code or −1. */
interface Alphabet {
  readonly codes: Uint8Array;
  readonly values: Int8Array;
}

/** The characters are laid out as bytes: a text of them put together one by one is a long chain. */
function encode64(bytes: Uint8Array, { codes }: Alphabet): string {
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  // Three bytes are four characters; of the last ones, what falls past the end is not written.
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text[at] = codes[word >> 18] ?? 0;
    text[at + 1] = codes[(word >> 12) & 63] ?? 0;
    text[at + 2] = codes[(word >> 6) & 63] ?? 0;
    text[at + 3] = codes[word & 63] ?? 0;
  }
  return UTF8_DECODER.decode(text);
}

function decode64(text: string, { values }: Alphabet, encoding: string): Uint8Array {
  const codes = UTF8_ENCODER.encode(text);
  // What is missing at the end is zero bits, what is no character makes its word negative.
  const valueAt = (i: number): number => (i < codes.length ? (values[codes[i] ?? 0] ?? -1) : 0);
  const out = new Uint8Array(Math.floor((codes.length * 3) / 4));
  let word = 0;
  let seen = 0;
  for (let i = 0, at = 0; i < codes.length; i += 4, at += 3) {
    word = (valueAt(i) << 18) | (valueAt(i + 1) << 12) | (valueAt(i + 2) << 6) | valueAt(i + 3);
    seen |= word;
    out[at] = word >> 16;
    out[at + 1] = word >> 8;
    out[at + 2] = word;
  }
  const strayBits = 8 * ((3 - (out.length % 3)) % 3);
  const isStray = (word & ((1 << strayBits) - 1)) !== 0;
  if (codes.length % 4 === 1 || seen < 0 || isStray) {
    throw new Refusal('bad-encoding', { encoding });
  }
  return out;
}

function alphabetOf(characters: string): Alphabet {
  const values = new Int8Array(256).fill(-1);
  for (let i = 0; i < characters.length; i++) values[characters.charCodeAt(i)] = i;
  return { codes: toUtf8(characters), values };
}

const B64URL = alphabetOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const B64 = alphabetOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
