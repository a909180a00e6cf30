/**
 * Verifies a whole audit log, in a stream, with bounded memory.
 *
 * Run it anywhere, on a copy or under a running daemon: it takes no lock and changes nothing. What
 * a chain cannot show (see audit-chain.ts) is shown by a head kept elsewhere: the daemon keeps one
 * in its store, and an operator may keep one on paper.
 */

import { type FileHandle, open } from 'node:fs/promises';
import { concat } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { AUDIT_LINE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { AuditChain, splitLines } from './audit-chain.ts';
import { type AuditEntry, type AuditHead, EMPTY_HEAD } from './audit-entry.ts';

const CHUNK_BYTES = 256 * 1024;

/** What a whole log proved to be. */
export interface AuditVerdict {
  readonly head: AuditHead;
  /** Bytes after the last line feed: an entry being written, or one that a crash cut off. */
  readonly tornBytes: number;
}

/**
 * Reads every line. Refuses `audit-broken`, with the number of the first wrong line and why:
 * `syntax`, `sequence`, `hash`, `too long`; or, where `kept` is a head known from before, `cut
 * short` and `rewritten`. Fails `file-unreadable`.
 */
export async function verifyAudit(path: string, kept = EMPTY_HEAD): Promise<AuditVerdict> {
  const chain = new AuditChain(EMPTY_HEAD);
  let keptSeen = kept.seq === 0;
  const tornBytes = await walk(path, chain, ({ seq }) => {
    if (seq === kept.seq) keptSeen = checkKept(chain.head, kept);
  });
  const head = chain.head ?? EMPTY_HEAD;
  if (!keptSeen) throw cutShort(head, kept);
  return { head, tornBytes };
}

/** Shows `visit` every line of a log, verified as it goes; returns the bytes of a torn one. */
export async function walkAudit(path: string, visit: (entry: AuditEntry) => void): Promise<number> {
  return walk(path, new AuditChain(EMPTY_HEAD), visit);
}

async function walk(
  path: string,
  chain: AuditChain,
  visit: (entry: AuditEntry) => void,
): Promise<number> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunksOf(path)) {
    const split = splitLines(concat(rest, chunk));
    for (const line of split.lines) visit(chain.add(line));
    rest = Uint8Array.from(split.rest);
    if (rest.length > AUDIT_LINE_BYTES_MAX) {
      const line = (chain.head ?? EMPTY_HEAD).seq + 1;
      throw new Refusal('audit-broken', { line, why: 'too long', limit: AUDIT_LINE_BYTES_MAX });
    }
  }
  return rest.length;
}

/** The refusal of a log that ends before a head it once had. */
export function cutShort(head: AuditHead, kept: AuditHead): Refusal {
  const details = { line: head.seq + 1, why: 'cut short', expected: kept.seq, got: head.seq };
  return new Refusal('audit-broken', details);
}

/** Refuses `audit-broken` unless the line numbered like `kept` is the one that was kept. */
export function checkKept(head: AuditHead | undefined, kept: AuditHead): true {
  if (head?.hash === kept.hash) return true;
  throw new Refusal('audit-broken', {
    line: kept.seq,
    why: 'rewritten',
    expected: kept.hash,
    got: head?.hash ?? 'nothing',
  });
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  await using file = await openLog(path);
  for (;;) {
    const chunk = await readChunk(file, path);
    if (chunk.length === 0) return;
    yield chunk;
  }
}

async function openLog(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw new Failure('file-unreadable', `the audit log ${path} cannot be read`, error);
  }
}

async function readChunk(file: FileHandle, path: string): Promise<Uint8Array> {
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(CHUNK_BYTES));
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw new Failure('file-unreadable', `the audit log ${path} cannot be read`, error);
  }
}
