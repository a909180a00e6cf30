/**
 * Reads the members of a payload, one checked type at a time.
 *
 * Whatever is absent, of another type or out of range is refused with `document-malformed` and the
 * member's path. Members nobody asks for stay in the signed bytes and are ignored, unless the
 * payload's `must` names them (PROTOCOL §1.1).
 */

import { fromBase64Url } from '../core/bytes.ts';
import { isObject, type Json, type JsonObject } from '../core/canonical.ts';
import { DIGEST_BYTES, type Digest } from '../core/digest.ts';
import { Refusal } from '../core/refusal.ts';
import { UNIX_MS_MAX, type UnixMs, unixMs } from '../core/time.ts';

const U64_MAX = (1n << 64n) - 1n;
const DECIMAL = /^(?:0|[1-9][0-9]{0,19})$/;
const HEX_DIGEST = new RegExp(`^[0-9a-f]{${2 * DIGEST_BYTES}}$`);

/** The members of one JSON object, read by name. */
export class Members {
  readonly #object: JsonObject;
  readonly #path: string;

  constructor(value: Json | undefined, path: string) {
    if (!isObject(value)) throw new Refusal('document-malformed', { member: path });
    this.#object = value;
    this.#path = path;
  }

  /** The names present, sorted. */
  names(): readonly string[] {
    return Object.keys(this.#object).sort();
  }

  /** The object itself, for readers that parse it by their own rules. */
  json(): JsonObject {
    return this.#object;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  value(name: string): Json {
    const value = this.#object[name];
    if (value === undefined) this.refuse(name);
    return value;
  }

  /** The object under `name`. */
  object(name: string): Members {
    return new Members(this.#object[name], `${this.#path}.${name}`);
  }

  /** The object at `index` of the list under `name`. */
  item(name: string, index: number): Members {
    const list = this.value(name);
    if (!Array.isArray(list)) this.refuse(name);
    return new Members(list[index], `${this.#path}.${name}[${index}]`);
  }

  /** The items under `name`, at most `max` of them. */
  list(name: string, max: number): readonly Json[] {
    const value = this.value(name);
    if (!Array.isArray(value) || value.length > max) this.refuse(name);
    return value;
  }

  /** A string of 1 to `max` UTF-16 units. */
  text(name: string, max: number): string {
    const value = this.value(name);
    if (typeof value !== 'string' || value.length < 1 || value.length > max) this.refuse(name);
    return value;
  }

  flag(name: string): boolean {
    const value = this.value(name);
    if (typeof value !== 'boolean') this.refuse(name);
    return value;
  }

  /** A JSON integer within the given bounds. */
  integer(name: string, min: number, max: number): number {
    const value = this.value(name);
    const ok = typeof value === 'number' && Number.isSafeInteger(value);
    if (!ok || value < min || value > max) this.refuse(name);
    return value;
  }

  /** An unsigned 64-bit integer as its one decimal string: `0` or `[1-9][0-9]*`. */
  u64(name: string): bigint {
    const text = this.value(name);
    if (typeof text !== 'string' || !DECIMAL.test(text)) this.refuse(name);
    const value = BigInt(text);
    if (value > U64_MAX) this.refuse(name);
    return value;
  }

  /** A time in milliseconds since 1970 as a decimal string. */
  time(name: string): UnixMs {
    const value = this.u64(name);
    if (value > BigInt(UNIX_MS_MAX)) this.refuse(name);
    return unixMs(Number(value));
  }

  /** 64 lower-case hex digits. */
  digest(name: string): Digest {
    return this.#asDigest(this.value(name), name);
  }

  /** A digest or JSON null. */
  digestOrNull(name: string): Digest | null {
    const value = this.value(name);
    return value === null ? null : this.#asDigest(value, name);
  }

  /** A list of distinct digests. */
  digests(name: string, max: number): readonly Digest[] {
    const found = this.list(name, max).map((value) => this.#asDigest(value, name));
    if (new Set(found).size !== found.length) this.refuse(name);
    return found;
  }

  /** Exactly `length` bytes as base64url. */
  bytes(name: string, length: number): Uint8Array {
    const text = this.text(name, Math.ceil((length * 4) / 3));
    const bytes = fromBase64Url(text);
    if (bytes.length !== length) this.refuse(name);
    return bytes;
  }

  refuse(name: string): never {
    throw new Refusal('document-malformed', { member: `${this.#path}.${name}` });
  }

  #asDigest(value: Json, name: string): Digest {
    if (typeof value !== 'string' || !HEX_DIGEST.test(value)) this.refuse(name);
    return value as Digest;
  }
}
