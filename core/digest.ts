/**
 * SHA-256, the only hash of the protocol, and the branded digest it makes.
 *
 * Domain separation is the caller's duty: every use in PROTOCOL starts with its own label.
 */

import { createHash } from 'node:crypto';
import type { Brand } from './brand.ts';
import { toHex } from './bytes.ts';

/** 32 bytes of SHA-256 as 64 lower-case hex digits: comparable, printable, usable as a key. */
export type Digest = Brand<string, 'Digest'>;

/** Bytes in a SHA-256 digest. */
export const DIGEST_BYTES = 32;

/** SHA-256 over the concatenation of `parts`, raw (FIPS 180-4). */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  const out = hash.digest();
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
}

/** SHA-256 over the concatenation of `parts`, as a `Digest`. */
export function digestOf(...parts: readonly Uint8Array[]): Digest {
  return toHex(sha256(...parts)) as Digest;
}
