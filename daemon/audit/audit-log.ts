/**
 * The audit log: what this daemon did and refused, written before it is acknowledged.
 *
 * An append-only file of JSON lines, each carrying the hash of the one before (audit-entry.ts).
 * `append` resolves only once the line is on the disk; lines that wait share one sync. Where the
 * disk does not take them, their callers hear of it, and the next line first has what is left of
 * them cut off. On opening, the last lines are verified. A last line without a line feed was never
 * acknowledged: it is cut off, and an entry says so. A whole line that is wrong was changed by
 * somebody: nothing is written behind it (audit-aside.ts).
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { AUDIT_LINE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { refuseWide, syncFolder, systemCode } from '../host/files.ts';
import type { Clock } from '../ports.ts';
import { GroupCommit } from '../store/group-commit.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { AuditChain, splitLines } from './audit-chain.ts';
import {
  type AuditEntry,
  type AuditFields,
  type AuditHead,
  decodeEntry,
  EMPTY_HEAD,
  encodeEntry,
  hashOfLine,
  nextEntry,
} from './audit-entry.ts';
import { checkKept, cutShort, verifyAudit, walkAudit } from './audit-verify.ts';

/** How much of the end is verified on opening: at least one line, for most logs hundreds. */
const TAIL_BYTES = 4 * AUDIT_LINE_BYTES_MAX;
const LINE_FEED = toUtf8('\n');

export interface AuditLogOptions {
  readonly path: string;
  readonly clock: Clock;
  /** A head of this log kept elsewhere. The whole file is verified unless it is still the last. */
  readonly kept?: AuditHead;
}

/** Where what was done is written before it is acknowledged. */
export interface AuditWriter {
  /** Resolves once the entry is durable; fails `file-unwritable`. */
  append(event: string, fields?: AuditFields): Promise<unknown>;
}

interface Pending {
  readonly at: string;
  readonly event: string;
  readonly fields: AuditFields;
  /** Hands over the entry once it is durable. */
  readonly written: (entry: AuditEntry) => void;
}

/** Lines that follow a head, and the head that they make. */
interface Lines {
  readonly entries: readonly AuditEntry[];
  readonly bytes: Uint8Array;
  readonly head: AuditHead;
}

/**
 * Opens, or makes, the log (0600). Refuses `audit-broken` and `permissions-wide`; fails
 * `file-unwritable`.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { path, clock, kept = EMPTY_HEAD } = options;
  const file = await openForAppending(path);
  try {
    refuseWide(path, 'chmod 600', (await file.stat()).mode);
    const { lines, rest, fromStart } = await readTail(file);
    const head = verifyTail(lines, fromStart);
    if (kept.seq > head.seq) throw cutShort(head, kept);
    if (kept.seq === head.seq) checkKept(head, kept);
    else if (kept.seq > 0) await verifyAudit(path, kept);
    const size = (await file.stat()).size - rest.length;
    const log = new AuditLog({ path, file, clock, head, size });
    if (rest.length > 0) await recover(file, { size, tornBytes: rest.length }, log);
    return log;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** An open audit log. One process at a time holds it: the store's lock sees to that. */
export class AuditLog implements AuditWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #clock: Clock;
  readonly #commit = new GroupCommit<Pending>((group) => this.#flush(group));
  readonly #listeners = new Set<(entry: AuditEntry) => void>();
  #durable: AuditHead;
  /** Bytes of the lines that are durable. */
  #size: number;
  /** Entries that the disk did not take since the last that it took. */
  #unwritten = 0;
  #verifying: Promise<AuditHead> | undefined;

  constructor(opened: {
    readonly path: string;
    readonly file: FileHandle;
    readonly clock: Clock;
    readonly head: AuditHead;
    readonly size: number;
  }) {
    this.#path = opened.path;
    this.#file = opened.file;
    this.#clock = opened.clock;
    this.#durable = opened.head;
    this.#size = opened.size;
  }

  /** The last entry that is on the disk: what the daemon keeps in its store. */
  get head(): AuditHead {
    return this.#durable;
  }

  /** Bytes of the log up to there. */
  get sizeBytes(): number {
    return this.#size;
  }

  /**
   * Writes one entry, and resolves once it is durable. Fails `file-unwritable`: the entry is not in
   * the log then, and the next that is written follows one that says how many are missing.
   */
  async append(event: string, fields: AuditFields = {}): Promise<AuditEntry> {
    const at = formatRfc3339(this.#clock.now().wall);
    const { promise, resolve: written } = Promise.withResolvers<AuditEntry>();
    await this.#commit.add({ at, event, fields, written });
    return promise;
  }

  /** Calls back with each entry once it is durable, in order; returns how to stop. */
  onEntry(listener: (entry: AuditEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last entries, oldest first: at most `count`, and at most what `TAIL_BYTES` hold. */
  async tail(count: number): Promise<readonly AuditEntry[]> {
    const { lines } = await readTail(this.#file);
    return lines.slice(Math.max(0, lines.length - count)).map(decodeEntry);
  }

  /**
   * Reads the whole log against its own head; those who ask meanwhile share the answer. Refuses and
   * fails as `verifyAudit` does.
   */
  verify(): Promise<AuditHead> {
    this.#verifying ??= verifyAudit(this.#path, this.#durable)
      .then(({ head }) => head)
      .finally(() => {
        this.#verifying = undefined;
      });
    return this.#verifying;
  }

  /** The newest of all entries that `isWanted` takes, at most `count`, oldest first. */
  async find(
    isWanted: (entry: AuditEntry) => boolean,
    count: number,
  ): Promise<readonly AuditEntry[]> {
    const found: AuditEntry[] = [];
    await walkAudit(this.#path, (entry) => {
      if (!isWanted(entry)) return;
      found.push(entry);
      if (found.length > count) found.shift();
    });
    return found;
  }

  async close(): Promise<void> {
    await this.#commit.idle();
    await this.#file.close();
  }

  async #flush(group: readonly Pending[]): Promise<void> {
    const missing = this.#unwritten;
    try {
      const mended = missing === 0 ? [] : [await this.#mend(missing, group[0]?.at ?? '')];
      const { entries, bytes, head } = linesAfter(this.#durable, [...mended, ...group]);
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#durable = head;
      this.#size += bytes.length;
      this.#unwritten = 0;
      for (const [at, { written }] of group.entries()) {
        const entry = entries[mended.length + at];
        if (entry !== undefined) written(entry);
      }
      for (const entry of entries) for (const listener of this.#listeners) listener(entry);
    } catch (error) {
      if (!isOfSystem(error)) throw error;
      this.#unwritten = missing + group.length;
      throw new Failure('file-unwritable', 'the audit log cannot be written', error);
    }
  }

  /** Cuts off what a failed write left, whole lines too: nobody was told that they stand. */
  async #mend(missing: number, at: string): Promise<Omit<Pending, 'written'>> {
    const bytes = (await this.#file.stat()).size - this.#size;
    await this.#file.truncate(this.#size);
    await this.#file.datasync();
    return { at, event: 'audit.recovered', fields: { bytes, missing } };
  }
}

/** Chains entries behind a head. */
function linesAfter(head: AuditHead, pending: readonly Omit<Pending, 'written'>[]): Lines {
  const entries: AuditEntry[] = [];
  const pieces: Uint8Array[] = [];
  let last = head;
  for (const { at, event, fields } of pending) {
    const entry = nextEntry(last, at, event, fields);
    const line = encodeEntry(entry);
    last = { seq: entry.seq, hash: hashOfLine(line) };
    entries.push(entry);
    pieces.push(line, LINE_FEED);
  }
  return { entries, bytes: concat(...pieces), head: last };
}

function isOfSystem(error: unknown): boolean {
  return systemCode(error) !== undefined;
}

/** Cuts off a line that was never acknowledged, durably, before anything is written behind it. */
async function recover(
  file: FileHandle,
  { size, tornBytes }: { readonly size: number; readonly tornBytes: number },
  log: AuditLog,
): Promise<void> {
  await file.truncate(size);
  await file.datasync();
  await log.append('audit.recovered', { bytes: tornBytes });
}

async function openForAppending(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
  try {
    const file = await open(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_RDWR, 0o600);
    await syncFolder(dirname(path));
    return file;
  } catch (error) {
    throw new Failure('file-unwritable', `the audit log ${path} cannot be opened`, error);
  }
}

interface Tail {
  readonly lines: readonly Uint8Array[];
  /** What follows the last line feed. */
  readonly rest: Uint8Array;
  /** True if the lines are all there are. */
  readonly fromStart: boolean;
}

/** The whole lines within the last `TAIL_BYTES`. */
async function readTail(file: FileHandle): Promise<Tail> {
  const { size } = await file.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const bytes = new Uint8Array(size - from);
  for (let filled = 0; filled < bytes.length; ) {
    const position = from + filled;
    const { bytesRead } = await file.read(bytes, { offset: filled, position });
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const { lines, rest } = splitLines(bytes);
  if (rest.length > AUDIT_LINE_BYTES_MAX) {
    throw new Refusal('audit-broken', { line: 'last', why: 'too long', got: rest.length });
  }
  // Unless the window begins where the file does, its first line is the end of one.
  const fromStart = from === 0;
  return { lines: fromStart ? lines : lines.slice(1), rest, fromStart };
}

/** Verifies the chain of the last lines; only from the first line on is it all proven. */
function verifyTail(lines: readonly Uint8Array[], fromStart: boolean): AuditHead {
  const chain = new AuditChain(fromStart ? EMPTY_HEAD : undefined);
  for (const line of lines) chain.add(line);
  return chain.head ?? EMPTY_HEAD;
}
