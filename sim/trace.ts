/**
 * The trace: one line for everything that happens, each of them hashed.
 *
 * Two runs of one seed must agree on the hash. Lines hold names, kinds, sizes and codes, and no
 * digest or signature, so that a run with the real suite has the very same trace.
 */

import { createHash } from 'node:crypto';

/** Grows with every change of what a line holds: traces of two versions do not compare. */
export const TRACE_VERSION = 1;
const TAIL_LINES = 400;
const FLUSH_CHARS = 64 * 1024;

export class Trace {
  readonly #hash = createHash('sha256');
  #tail: string[] = [];
  #unhashed = `holdfast trace ${TRACE_VERSION}\n`;
  /** Lines written so far. */
  lines = 0;

  line(text: string): void {
    this.lines += 1;
    this.#unhashed += `${text}\n`;
    if (this.#unhashed.length > FLUSH_CHARS) this.#flush();
    this.#tail.push(text);
    if (this.#tail.length > 2 * TAIL_LINES) this.#tail = this.#tail.slice(-TAIL_LINES);
  }

  /** The newest lines, oldest first. */
  tail(count: number = TAIL_LINES): readonly string[] {
    return this.#tail.slice(-count);
  }

  /** SHA-256 over every line, as hex. Ends the trace. */
  digest(): string {
    this.#flush();
    return this.#hash.copy().digest('hex');
  }

  #flush(): void {
    // Lines are ASCII: names, kinds, sizes and codes.
    this.#hash.update(this.#unhashed, 'latin1');
    this.#unhashed = '';
  }
}
