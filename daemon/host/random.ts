/**
 * The kernel's randomness, by way of OpenSSL. The only place where the daemon draws any.
 *
 * A call to OpenSSL costs the same for sixteen bytes as for a page, and whoever issues thousands of
 * certificates draws thousands of serials: so what is too short to be a key is cut from a page that
 * was drawn ahead, each byte once. Keys are drawn by themselves and are kept nowhere here.
 */

import { randomBytes } from 'node:crypto';
import type { Random } from '../ports.ts';

const PAGE_BYTES = 4_096;
/** A serial; a key has twice as many. */
const CUT_BYTES_MAX = 16;

let page: Uint8Array = new Uint8Array(0);
let at = 0;

/** Cryptographic randomness of this machine. Each call returns fresh memory that nobody shares. */
export const hostRandom: Random = {
  bytes: (count) => (count > CUT_BYTES_MAX ? drawn(count) : cut(count)),
};

function cut(count: number): Uint8Array {
  if (at + count > page.length) {
    page = drawn(PAGE_BYTES);
    at = 0;
  }
  const bytes = page.slice(at, at + count);
  page.fill(0, at, at + count);
  at += count;
  return bytes;
}

function drawn(count: number): Uint8Array {
  return new Uint8Array(randomBytes(count));
}
