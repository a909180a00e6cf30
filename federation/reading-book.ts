/**
 * What bytes were read as lately: equal bytes are read once, whoever brings them.
 *
 * Reading is a function of the bytes alone, so that nobody can tell whether the answer was known.
 * It is bounded by the bytes that it keeps, and whoever floods it makes others read again, no more.
 */

import { type Digest, digestOf } from '../core/digest.ts';
import { READINGS_BYTES_MAX } from '../core/limits.ts';

/** What is refused is not kept. */
export class ReadingBook<T> {
  readonly #known = new Map<Digest, { readonly value: T; readonly sizeBytes: number }>();
  #sizeBytes = 0;

  /** What `read` makes of the bytes; refuses as it does. Neither may be changed afterwards. */
  of(bytes: Uint8Array, read: (bytes: Uint8Array) => T): T {
    const digest = digestOf(bytes);
    const known = this.#known.get(digest);
    if (known !== undefined) return known.value;
    // A copy: what came in one piece with much else is not to keep that alive.
    const value = read(Uint8Array.from(bytes));
    this.#keep(digest, { value, sizeBytes: bytes.length });
    return value;
  }

  #keep(digest: Digest, reading: { readonly value: T; readonly sizeBytes: number }): void {
    this.#known.set(digest, reading);
    this.#sizeBytes += reading.sizeBytes;
    for (const [oldest, { sizeBytes }] of this.#known) {
      if (this.#sizeBytes <= READINGS_BYTES_MAX) return;
      this.#known.delete(oldest);
      this.#sizeBytes -= sizeBytes;
    }
  }
}
