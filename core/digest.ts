/**
 * SHA-256, the only hash of the protocol, and the branded digest it makes.
 *
 * Domain separation is the caller's duty: every use in PROTOCOL starts with its own label.
 */

import { hash } from 'node:crypto';
import type { Brand } from './brand.ts';
import { concat } from './bytes.ts';

/** 32 bytes of SHA-256 as 64 lower-case hex digits: comparable, printable, usable as a key. */
export type Digest = Brand<string, 'Digest'>;

/** Bytes in a SHA-256 digest. */
export const DIGEST_BYTES = 32;

/** SHA-256 over the concatenation of `parts`, raw (FIPS 180-4). */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  // One call with text out costs a quarter of a hash object: every tick and tag is one of these.
  const text = hash('sha256', joined(parts), 'latin1');
  const out = new Uint8Array(DIGEST_BYTES);
  for (let i = 0; i < DIGEST_BYTES; i++) out[i] = text.charCodeAt(i);
  return out;
}

/** SHA-256 over the concatenation of `parts`, as a `Digest`. */
export function digestOf(...parts: readonly Uint8Array[]): Digest {
  return hash('sha256', joined(parts), 'hex') as Digest;
}

/** Preimages of this size are laid out in one place: nearly all are, and none outlives its hash. */
const laidOut = new Uint8Array(4_096);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > laidOut.length) return concat(...parts);
  let at = 0;
  for (const part of parts) {
    laidOut.set(part, at);
    at += part.length;
  }
  return laidOut.subarray(0, length);
}
