/**
 * What becomes of an audit log that is not the chain it was written as, at the start of a daemon.
 *
 * Whoever can spoil the log must not be able to stop what the daemon proves and serves with it. So
 * the file is kept aside, unchanged, as evidence, and a new chain begins; its first line is to name
 * the break. `holdfast audit verify FILE` tells of the old one where it is wrong.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { Refusal, type RefusalDetails } from '../../core/refusal.ts';
import { syncFolder } from '../host/files.ts';
import type { Clock } from '../ports.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { type AuditLog, type AuditLogOptions, openAuditLog } from './audit-log.ts';

/** An audit log that takes entries. */
export interface OpenedAudit {
  readonly audit: AuditLog;
  /** Why the log before it was kept aside, and as which file; null where it goes on. */
  readonly broken: RefusalDetails | null;
}

/**
 * Opens the log, or begins anew beside one that is broken. Refuses `permissions-wide`; fails
 * `file-unwritable`.
 */
export async function openAudit(options: AuditLogOptions): Promise<OpenedAudit> {
  try {
    return { audit: await openAuditLog(options), broken: null };
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'audit-broken') throw error;
    const { path, clock } = options;
    const aside = await setAside(path, clock);
    const broken = { ...error.details, file: basename(aside), sha256: await digestOfFile(aside) };
    return { audit: await openAuditLog({ path, clock }), broken };
  }
}

/** Gives the file a name by which nothing writes to it any more. */
async function setAside(path: string, clock: Clock): Promise<string> {
  const aside = join(dirname(path), `audit-broken-${formatRfc3339(clock.now().wall)}.jsonl`);
  try {
    await rename(path, aside);
    await syncFolder(dirname(path));
    return aside;
  } catch (error) {
    throw new Failure('file-unwritable', `the broken audit log ${path} cannot be set aside`, error);
  }
}

/** In hex, so that the new chain vouches for the evidence as it was found. */
async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (error) {
    throw new Failure('file-unreadable', `the broken audit log ${path} cannot be read`, error);
  }
  return hash.digest('hex');
}
