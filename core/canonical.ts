/**
 * JSON with one spelling: a strict I-JSON reader (RFC 7493) and the JCS writer (RFC 8785).
 *
 * What `JSON.parse` forgives is what an attacker uses: a duplicate member means one thing to the
 * verifier and another to the user, and 2^53+1 silently becomes its neighbour. This reader refuses
 * both, bounds depth and size before it starts, keeps no prototype (`__proto__` is an ordinary
 * name), and never recurses. Numbers that may pass 2^53 are decimal strings in our documents
 * (PROTOCOL §1.1).
 */

import { assert } from './assert.ts';
import { fromUtf8, toUtf8 } from './bytes.ts';
import { DOCUMENT_BYTES_MAX, JSON_DEPTH_MAX } from './limits.ts';
import { Refusal } from './refusal.ts';

/** A JSON value as this reader makes it; objects have no prototype. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** True for a JSON object: no array, no null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads one JSON text. Refuses `too-large`, `bad-encoding`, `json-syntax`, `json-duplicate-key`,
 * `json-lone-surrogate`, `json-too-deep` and `json-number` (not finite, or an integer that a
 * double cannot hold exactly).
 */
export function parseJson(bytes: Uint8Array, maxBytes: number = DOCUMENT_BYTES_MAX): Json {
  if (bytes.length > maxBytes) {
    throw new Refusal('too-large', { limit: maxBytes, got: bytes.length });
  }
  return new JsonReader(fromUtf8(bytes), 'refuse').read();
}

/**
 * Reads JSON of a standard that counts to 2^64: an integer that a double cannot hold comes as its
 * decimal text, and its reader decides. Everything else as `parseJson` does.
 */
export function parseWideJson(bytes: Uint8Array, maxBytes: number = DOCUMENT_BYTES_MAX): Json {
  if (bytes.length > maxBytes) {
    throw new Refusal('too-large', { limit: maxBytes, got: bytes.length });
  }
  return new JsonReader(fromUtf8(bytes), 'as-text').read();
}

/** Reads one JSON text that must be byte for byte its own JCS form. Refuses `not-canonical` too. */
export function parseCanonical(bytes: Uint8Array, maxBytes: number = DOCUMENT_BYTES_MAX): Json {
  if (bytes.length > maxBytes) {
    throw new Refusal('too-large', { limit: maxBytes, got: bytes.length });
  }
  const text = fromUtf8(bytes);
  const value = new JsonReader(text, 'refuse').read();
  // Strict UTF-8 has one text for its bytes, so equal texts are equal bytes.
  if (canonicalText(value) !== text) throw new Refusal('not-canonical');
  return value;
}

/** The JCS bytes of a value: members sorted by UTF-16 code units, ES6 numbers, least escapes. */
export function encodeCanonical(value: Json): Uint8Array {
  return toUtf8(canonicalText(value));
}

/** The JCS text of a value. Our values nest a few levels; foreign ones were bounded on entry. */
export function canonicalText(value: Json): string {
  if (typeof value === 'string') {
    assert(value.isWellFormed(), 'a lone surrogate has no canonical form');
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    assert(Number.isFinite(value), 'a canonical number is finite');
    return JSON.stringify(value);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  const object = value as JsonObject;
  let members = '';
  // The default order is by UTF-16 code unit, as JCS asks.
  for (const name of Object.keys(object).sort()) {
    const comma = members === '' ? '' : ',';
    members += `${comma}${canonicalText(name)}:${canonicalText(object[name] ?? null)}`;
  }
  return `{${members}}`;
}

interface OpenArray {
  readonly kind: 'array';
  readonly items: Json[];
}
interface OpenObject {
  readonly kind: 'object';
  readonly members: Record<string, Json>;
  name: string | undefined;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// Everything a string may hold unescaped, in one bite: no quote, no backslash, no control.
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/**
 * An object that inherits nothing: `constructor` is a name like any other. Of `Object.create(null)`
 * the runtime makes a hash table, which takes three times the memory.
 */
class Bare {
  [name: string]: Json;
}
Object.setPrototypeOf(Bare.prototype, null);
Reflect.deleteProperty(Bare.prototype, 'constructor');

/** One pass over one text with an explicit stack: depth costs memory we bound, never our stack. */
class JsonReader {
  readonly #text: string;
  readonly #wideIntegers: 'refuse' | 'as-text';
  #at = 0;
  readonly #open: (OpenArray | OpenObject)[] = [];

  constructor(text: string, wideIntegers: 'refuse' | 'as-text') {
    this.#text = text;
    this.#wideIntegers = wideIntegers;
  }

  read(): Json {
    for (;;) {
      const value = this.#value();
      if (value === undefined) continue; // an object or array was opened
      const whole = this.#close(value);
      if (whole !== undefined) {
        this.#space();
        if (this.#at !== this.#text.length) this.#refuse();
        return whole;
      }
    }
  }

  /** Reads a scalar or an empty container; opens a container and returns undefined otherwise. */
  #value(): Json | undefined {
    this.#space();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#openObject();
      case '[':
        return this.#openArray();
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #openObject(): Json | undefined {
    this.#deeper();
    const object: OpenObject = { kind: 'object', members: new Bare(), name: undefined };
    if (this.#eat('}')) return object.members;
    object.name = this.#memberName(object);
    this.#open.push(object);
    return undefined;
  }

  #openArray(): Json | undefined {
    this.#deeper();
    if (this.#eat(']')) return [];
    this.#open.push({ kind: 'array', items: [] });
    return undefined;
  }

  #deeper(): void {
    this.#at += 1;
    if (this.#open.length >= JSON_DEPTH_MAX) {
      throw new Refusal('json-too-deep', { limit: JSON_DEPTH_MAX });
    }
  }

  /** Puts a finished value where it belongs; returns the whole when nothing is open any more. */
  #close(finished: Json): Json | undefined {
    let value = finished;
    for (;;) {
      const holder = this.#open.at(-1);
      if (holder === undefined) return value;
      if (holder.kind === 'array') holder.items.push(value);
      else holder.members[holder.name ?? ''] = value;
      if (this.#eat(',')) {
        if (holder.kind === 'object') holder.name = this.#memberName(holder);
        return undefined;
      }
      if (!this.#eat(holder.kind === 'array' ? ']' : '}')) this.#refuse();
      this.#open.pop();
      value = holder.kind === 'array' ? holder.items : holder.members;
    }
  }

  #memberName(object: OpenObject): string {
    this.#space();
    if (this.#text[this.#at] !== '"') this.#refuse();
    const name = this.#string();
    if (Object.hasOwn(object.members, name)) {
      throw new Refusal('json-duplicate-key', { member: name.slice(0, 64) });
    }
    if (!this.#eat(':')) this.#refuse();
    return name;
  }

  #string(): string {
    this.#at += 1;
    let out = '';
    for (;;) {
      out += this.#match(PLAIN);
      const next = this.#text[this.#at++];
      if (next === '"') break;
      if (next !== '\\') this.#refuse();
      const mark = this.#text[this.#at++] ?? '';
      out += mark === 'u' ? this.#codeUnit() : (ESCAPES.get(mark) ?? this.#refuse());
    }
    if (!out.isWellFormed()) throw new Refusal('json-lone-surrogate');
    return out;
  }

  #codeUnit(): string {
    const hex = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.#refuse();
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #number(): number | string {
    const text = this.#match(NUMBER);
    if (text === '') this.#refuse();
    const value = Number(text);
    // With an exponent a large number is a measurement; without one it is a count that must hold.
    const exact = !Number.isInteger(value) || Number.isSafeInteger(value) || /[eE]/.test(text);
    if (!exact && this.#wideIntegers === 'as-text' && !text.includes('.')) return text;
    if (!Number.isFinite(value) || !exact) {
      throw new Refusal('json-number', { got: text.slice(0, 32) });
    }
    return value;
  }

  #word<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#refuse();
    this.#at += word.length;
    return value;
  }

  #eat(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    // Canonical text has none: most calls end here.
    if (this.#text.charCodeAt(this.#at) > 0x20) return;
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string {
    const from = this.#at;
    pattern.lastIndex = from;
    if (pattern.test(this.#text)) this.#at = pattern.lastIndex;
    return this.#text.slice(from, this.#at);
  }

  #refuse(): never {
    throw new Refusal('json-syntax', { at: Math.min(this.#at, this.#text.length) });
  }
}
