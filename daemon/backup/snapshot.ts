/**
 * A snapshot: the whole state of a node at one moment, as bytes. Records, key files as they lie in
 * their folder, and the audit log up to its last durable line.
 *
 *     u32 number of records ‖ records ‖ u32 number of key files ‖ key files ‖ audit log
 *
 * A record and a key file are each u32 length ‖ name ‖ u32 length ‖ content. Keys that a chip seals
 * are in it as the chip sealed them: no other chip opens them.
 */

import { join } from 'node:path';
import { fromUtf8, Reader, toUtf8, Writer } from '../../core/bytes.ts';
import { BACKUP_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { filesIn } from '../custody/migration.ts';
import { readBounded, readPrivate } from '../host/files.ts';
import type { Store } from '../ports.ts';
import { isRegistered, RECORDS } from '../store/key-space.ts';
import type { StateFolder } from '../store/state-folder.ts';

/** What a node is, at one moment. */
export interface Snapshot {
  readonly records: ReadonlyMap<string, Uint8Array>;
  /** By the name of the file. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly audit: Uint8Array;
}

/** What a snapshot is taken of. */
export interface State {
  readonly folder: StateFolder;
  readonly store: Store;
  readonly audit: AuditLog;
}

const KEY_FILE = /^[a-z0-9][a-z0-9-]{0,63}\.(?:key|sealed|resident|chip|json)$/;
const CHIP_HELD = /^(.+)\.(?:sealed|resident)$/;

/** Takes a snapshot, anew where keys came or went meanwhile. Refuses `too-large`. */
export async function takeSnapshot({ folder, store, audit }: State): Promise<Snapshot> {
  for (;;) {
    const names = await keyFilesIn(folder.keys);
    const records = await store.snapshot();
    const keys = new Map<string, Uint8Array>();
    for (const name of names) {
      keys.set(name, await readPrivate(join(folder.keys, name), BACKUP_BYTES_MAX));
    }
    if ((await keyFilesIn(folder.keys)).join() !== names.join()) continue;
    // Last of all: what the store remembers of the log is then in it.
    const { sizeBytes } = audit;
    const log = await readBounded(folder.auditLog, BACKUP_BYTES_MAX);
    return { records, keys, audit: log.subarray(0, sizeBytes) };
  }
}

/** Names of the keys in a snapshot that open in no other chip. */
export function chipHeldKeys({ keys }: Snapshot): readonly string[] {
  return [...keys.keys()].flatMap((file) => CHIP_HELD.exec(file)?.[1] ?? []);
}

/** A snapshot as bytes. */
export function encodeSnapshot({ records, keys, audit }: Snapshot): Uint8Array {
  const writer = new Writer();
  for (const items of [records, keys]) {
    writer.u32(items.size);
    for (const [name, content] of items) {
      const text = toUtf8(name);
      writer.u32(text.length).raw(text).u32(content.length).raw(content);
    }
  }
  return writer.raw(audit).finish();
}

/** The inverse of `encodeSnapshot`. Refuses `backup-malformed` for names that are none of ours. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const reader = new Reader(bytes);
  const records = itemsIn(reader, isOfState);
  const keys = itemsIn(reader, (name) => KEY_FILE.test(name));
  return { records, keys, audit: reader.take(reader.remaining) };
}

function itemsIn(
  reader: Reader,
  isKnown: (name: string) => boolean,
): ReadonlyMap<string, Uint8Array> {
  const items = new Map<string, Uint8Array>();
  const count = reader.u32();
  while (items.size < count) {
    const name = fromUtf8(reader.take(reader.u32()));
    if (!isKnown(name) || items.has(name)) throw new Refusal('backup-malformed', { why: 'name' });
    items.set(name, reader.take(reader.u32()));
  }
  return items;
}

/** The store makes its format and its seal anew. */
function isOfState(key: string): boolean {
  return isRegistered(key) && key !== RECORDS.format && key !== RECORDS.seal;
}

async function keyFilesIn(folder: string): Promise<readonly string[]> {
  return (await filesIn(folder)).filter((name) => KEY_FILE.test(name)).sort();
}
