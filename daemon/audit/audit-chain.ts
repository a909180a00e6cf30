/**
 * Walks the lines of an audit log and judges that each one follows the one before.
 *
 * A chain proves that nothing inside it was changed, taken out or put elsewhere. It does not prove
 * that nothing was cut off its end, nor that it was not written anew from the start by somebody
 * who can write the file: for that, compare its head with one that was kept elsewhere.
 */

import { Refusal, refusalOf } from '../../core/refusal.ts';
import { type AuditEntry, type AuditHead, decodeEntry, hashOfLine } from './audit-entry.ts';

const LINE_FEED = 0x0a;

/** A chain that grows line by line from a head that is taken as given. */
export class AuditChain {
  #head: AuditHead | undefined;

  /** `undefined` takes the first line as it comes: what precedes it is not at hand. */
  constructor(head: AuditHead | undefined) {
    this.#head = head;
  }

  get head(): AuditHead | undefined {
    return this.#head;
  }

  /** Adds one line, without its line feed. Refuses `audit-broken` with its number and why. */
  add(line: Uint8Array): AuditEntry {
    const number = this.#head === undefined ? 'unknown' : this.#head.seq + 1;
    const entry = refusalOf(() => decodeEntry(line));
    if (entry instanceof Refusal) {
      throw new Refusal('audit-broken', { line: number, why: 'syntax', cause: entry.code });
    }
    const { seq, hash } = this.#head ?? { seq: entry.seq - 1, hash: entry.previous };
    if (entry.seq !== seq + 1) {
      throw new Refusal('audit-broken', {
        line: number,
        why: 'sequence',
        expected: seq + 1,
        got: entry.seq,
      });
    }
    if (entry.previous !== hash) {
      throw new Refusal('audit-broken', {
        line: number,
        why: 'hash',
        expected: hash,
        got: entry.previous,
      });
    }
    this.#head = { seq: entry.seq, hash: hashOfLine(line) };
    return entry;
  }
}

/** Bytes cut at their line feeds; `rest` is what follows the last of them. */
export interface Lines {
  readonly lines: readonly Uint8Array[];
  readonly rest: Uint8Array;
}

/** Splits bytes into whole lines, as views that share memory. */
export function splitLines(bytes: Uint8Array): Lines {
  const lines: Uint8Array[] = [];
  let from = 0;
  for (;;) {
    const end = bytes.indexOf(LINE_FEED, from);
    if (end < 0) return { lines, rest: bytes.subarray(from) };
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
}
