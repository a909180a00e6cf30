/**
 * Backups of a node that does not run: its state folder is read, or filled, under the lock of the
 * store.
 *
 * A restored state is put together beside and moved in whole. It holds a mark that makes its first
 * start one of a state that is rolled back (PROTOCOL §5.7).
 */

import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { toUtf8 } from '../../core/bytes.ts';
import { GCM_NONCE_BYTES } from '../../core/ciphers.ts';
import type { Digest } from '../../core/digest.ts';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { openAuditLog } from '../audit/audit-log.ts';
import { loadAuditHead, saveAuditHead } from '../audit/kept-head.ts';
import { filesIn } from '../custody/migration.ts';
import { openPrivateFolder, syncFolder } from '../host/files.ts';
import type { Clock, Random } from '../ports.ts';
import { RECORDS } from '../store/key-space.ts';
import { openLevelStore } from '../store/level-store.ts';
import { createPrivateFile, hasPrivateFile } from '../store/private-file.ts';
import { openStateFolder, type StateFolder, stateFolderAt } from '../store/state-folder.ts';
import { backupDigest, type OpenedBackup, sealBackup } from './backup-file.ts';
import {
  chipHeldKeys,
  decodeSnapshot,
  encodeSnapshot,
  type Snapshot,
  takeSnapshot,
} from './snapshot.ts';

/** What a state is put together in, inside the folder that it is for. */
const WORKSHOP = 'restoring';

/** A backup that was made, and the keys in it that open in no other chip. */
export interface MadeBackup {
  readonly file: Uint8Array;
  readonly chipHeld: readonly string[];
}

/** The clock and the randomness of this machine. */
export interface Machine {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Backs up the state at `path`. Refuses `state-locked` while a daemon has it, and as opening it
 * does; fails `file-unreadable` where there is none.
 */
export async function backUpFolder(
  path: string,
  seal: { readonly salt: Uint8Array; readonly key: Uint8Array },
  { clock, random }: Machine,
): Promise<MadeBackup> {
  if (!(await hasPrivateFile(stateFolderAt(path).store))) {
    throw new Failure('file-unreadable', `no state lies in ${path}`, undefined);
  }
  const folder = await openStateFolder(path);
  await using opening = new AsyncDisposableStack();
  const store = await openLevelStore(folder.store);
  opening.defer(() => store.close());
  const kept = loadAuditHead(await store.load());
  const audit = await openAuditLog({ path: folder.auditLog, clock, kept });
  opening.defer(() => audit.close());
  const snapshot = await takeSnapshot({ folder, store, audit });
  const nonce = random.bytes(GCM_NONCE_BYTES);
  const file = sealBackup({ ...seal, nonce }, encodeSnapshot(snapshot));
  await audit.append('state.backed-up', { digest: backupDigest(file), bytes: file.length });
  await saveAuditHead(store, audit.head);
  return { file, chipHeld: chipHeldKeys(snapshot) };
}

/** Refuses `state-occupied` unless `path` is absent or holds nothing. */
export async function checkVacant(path: string): Promise<void> {
  if (!(await hasPrivateFile(path))) return;
  const [found] = await filesIn(path);
  if (found !== undefined) throw new Refusal('state-occupied', { folder: path, found });
}

/**
 * Restores a backup into an empty folder; audited there. Refuses `state-occupied`,
 * `permissions-wide` and `backup-malformed`. What fails on the way leaves nothing.
 */
export async function restoreFolder(
  path: string,
  { snapshot, digest }: OpenedBackup,
  clock: Clock,
): Promise<Snapshot> {
  const restored = decodeSnapshot(snapshot);
  await checkVacant(path);
  await openPrivateFolder(path);
  const workshop = join(path, WORKSHOP);
  try {
    const folder = await openStateFolder(workshop);
    await fill(folder, restored, { digest, clock });
    for (const part of [folder.keys, folder.auditLog, folder.store]) {
      await rename(part, join(path, basename(part)));
    }
    await syncFolder(path);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  return restored;
}

async function fill(
  folder: StateFolder,
  { records, keys, audit }: Snapshot,
  { digest, clock }: { readonly digest: Digest; readonly clock: Clock },
): Promise<void> {
  for (const [name, content] of keys) await createPrivateFile(join(folder.keys, name), content);
  await createPrivateFile(folder.auditLog, audit);
  await using opening = new AsyncDisposableStack();
  const store = await openLevelStore(folder.store);
  opening.defer(() => store.close());
  const kept = loadAuditHead(records);
  const log = await openAuditLog({ path: folder.auditLog, clock, kept });
  opening.defer(() => log.close());
  await log.append('state.restored', { digest });
  const mark = { key: RECORDS.restored, value: toUtf8(digest) };
  await store.write([...[...records].map(([key, value]) => ({ key, value })), mark]);
}
