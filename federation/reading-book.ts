/**
 * What bytes were read as: equal bytes are read once, whoever brings them.
 *
 * Reading is a function of the bytes alone, so that nobody can tell whether the answer was known.
 * What anybody holds is known for as long as he holds it, and takes no memory of its own: in a
 * world of many machines a document lies there once, however many of them believe it. Beyond that
 * it is bounded by the bytes that it keeps, and whoever floods it makes others read again, no more.
 */

import { type Digest, digestOf } from '../core/digest.ts';
import { READINGS_BYTES_MAX } from '../core/limits.ts';

/** What is refused is not kept. */
export class ReadingBook<T extends object> {
  readonly #known = new Map<Digest, WeakRef<T>>();
  readonly #gone = new FinalizationRegistry<Digest>((digest) => this.#forget(digest));
  /** The newest, which nobody may hold yet. */
  readonly #kept = new Set<{ readonly value: T; readonly sizeBytes: number }>();
  #sizeBytes = 0;

  /** What `read` makes of the bytes; refuses as it does. Neither may be changed afterwards. */
  of(bytes: Uint8Array, read: (bytes: Uint8Array) => T): T {
    const digest = digestOf(bytes);
    const known = this.#known.get(digest)?.deref();
    if (known !== undefined) return known;
    // A copy: what came in one piece with much else is not to keep that alive.
    const value = read(Uint8Array.from(bytes));
    this.#known.set(digest, new WeakRef(value));
    this.#gone.register(value, digest);
    this.#keep(value, bytes.length);
    return value;
  }

  #keep(value: T, sizeBytes: number): void {
    this.#kept.add({ value, sizeBytes });
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#kept) {
      if (this.#sizeBytes <= READINGS_BYTES_MAX) return;
      this.#kept.delete(oldest);
      this.#sizeBytes -= oldest.sizeBytes;
    }
  }

  /** Nobody holds it any more, unless it was read again since. */
  #forget(digest: Digest): void {
    if (this.#known.get(digest)?.deref() === undefined) this.#known.delete(digest);
  }
}
