/**
 * Durable records on LevelDB, the `Store` port of a real machine.
 *
 * Every write is one synced batch that carries the seal (see record.ts) along; batches that wait
 * for the disk are joined into one, in order. On opening, the whole state is read and judged before
 * anybody believes a word of it: LevelDB by itself skips a damaged stretch of its log in silence,
 * which would be a rollback of part of the state. What cannot be seen here is damage to the very
 * last batches of the log, which looks like a write that never ended: the audit head and, one day,
 * the TPM's counter guard that (PROTOCOL §5.7).
 */

import { dirname, join } from 'node:path';
import { Level } from 'level';
import { assert } from '../../core/assert.ts';
import { equalBytes, fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { openPrivateFolder, systemCode } from '../host/files.ts';
import type { Store, Write } from '../ports.ts';
import { GroupCommit } from './group-commit.ts';
import { isRegistered, RECORDS } from './key-space.ts';
import { addChecksum, checksumOf, decodeRecord, encodeRecord, encodeSeal } from './record.ts';
import { Reserve } from './reserve.ts';

/** The layout that this version reads and writes. A newer one is refused, never guessed at. */
export const STATE_FORMAT = 1;

/**
 * What LevelDB may hold in memory. A few hundred small records are written now and then and read at
 * the opening alone; its defaults of 4 MiB and 8 MiB would fill over days, and look like a leak.
 */
const MEMORY = { writeBufferSize: 512 * 1024, cacheSize: 512 * 1024 } as const;

type Database = Level<string, Uint8Array>;

/**
 * Opens, or makes, the store in `folder` (0700). Refuses `state-locked` while another process has
 * it, `state-newer`, `state-corrupt`, `permissions-wide`; fails `store-unreadable`.
 */
export async function openLevelStore(folder: string): Promise<Store> {
  await openPrivateFolder(folder);
  const database: Database = new Level(folder, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    ...MEMORY,
  });
  try {
    await database.open();
    const records = await loadRecords(database, folder);
    const reserve = await Reserve.open(join(dirname(folder), 'reserve'));
    return new LevelStore({ database, folder, reserve }, records);
  } catch (error) {
    await database.close();
    throw troubleOf(error, folder);
  }
}

/** What a store lies in. */
interface Ground {
  readonly database: Database;
  readonly folder: string;
  readonly reserve: Reserve;
}

class LevelStore implements Store {
  readonly #database: Database;
  readonly #folder: string;
  readonly #reserve: Reserve;
  readonly #records: Map<string, Uint8Array>;
  #checksums: Map<string, bigint>;
  /** A batch failed: what LevelDB writes behind it, it would pass over when it reads its log. */
  #isTorn = false;
  readonly #commit = new GroupCommit<readonly Write[]>((group) => this.#flush(group.flat()));
  #sum: bigint;

  constructor({ database, folder, reserve }: Ground, records: Map<string, Uint8Array>) {
    this.#database = database;
    this.#folder = folder;
    this.#reserve = reserve;
    this.#records = records;
    this.#checksums = checksumsOf(records);
    this.#sum = sumOf(this.#checksums.values());
  }

  /** Everything that stood at opening; the daemon asks once, and keeps its own view from then. */
  async load(): Promise<ReadonlyMap<string, Uint8Array>> {
    const loaded = new Map(this.#records);
    this.#records.clear();
    return loaded;
  }

  /** Read anew and judged as at an opening: what is damaged goes into no backup. */
  async snapshot(): Promise<ReadonlyMap<string, Uint8Array>> {
    try {
      return await loadRecords(this.#database, this.#folder);
    } catch (error) {
      throw troubleOf(error, this.#folder);
    }
  }

  async write(batch: readonly Write[]): Promise<void> {
    for (const { key } of batch) assert(isRegistered(key), `no such record: ${key}`);
    if (batch.length > 0) await this.#commit.add(batch);
  }

  async close(): Promise<void> {
    await this.#commit.idle();
    await this.#database.close();
  }

  /** What takes something back finds room on a full disk, and nothing else (PROTOCOL §5.1). */
  async #flush(writes: readonly Write[]): Promise<void> {
    const isNegative = writes.some(({ key }) => takesBack(key));
    try {
      if (!isNegative && !(await this.#reserve.restore())) throw new Error('no room on the disk');
      await this.#batch(writes).catch(async (error: unknown) => {
        if (!isNegative || !(await this.#reserve.spend())) throw error;
        await this.#batch(writes);
      });
    } catch (error) {
      throw new Failure('store-unwritable', 'the state cannot be written', error);
    }
  }

  async #batch(writes: readonly Write[]): Promise<void> {
    if (this.#isTorn) await this.#mend();
    const last = new Map(writes.map(({ key, value }) => [key, value]));
    const changes = [...last].map(([key, value]) => ({
      key,
      value,
      checksum: value === null ? undefined : checksumOf(key, value),
    }));
    let sum = this.#sum;
    let count = this.#checksums.size;
    for (const { key, checksum } of changes) {
      const before = this.#checksums.get(key);
      sum = addChecksum(sum, (checksum ?? 0n) - (before ?? 0n));
      count += Number(checksum !== undefined) - Number(before !== undefined);
    }
    this.#isTorn = true; // until it is known to be whole
    await this.#database.batch(
      [...changes, { key: RECORDS.seal, value: encodeSeal(sum, count) }].map(operation),
      { sync: true },
    );
    this.#isTorn = false;
    this.#sum = sum;
    for (const { key, checksum } of changes) {
      if (checksum === undefined) this.#checksums.delete(key);
      else this.#checksums.set(key, checksum);
    }
  }

  /** Opens the database anew, which begins a new log, and goes on from what it then holds. */
  async #mend(): Promise<void> {
    if (this.#database.status === 'open') await this.#database.close();
    await this.#database.open();
    this.#checksums = checksumsOf(await loadRecords(this.#database, this.#folder));
    this.#sum = sumOf(this.#checksums.values());
    this.#isTorn = false;
  }
}

/** True for a record by which something is taken back: it is written though the disk is full. */
function takesBack(key: string): boolean {
  return /^federation\/[^/]+\/(?:revocations|disowned|stop)(?:\/|$)/.test(key);
}

function checksumsOf(records: ReadonlyMap<string, Uint8Array>): Map<string, bigint> {
  return new Map([...records].map(([key, value]) => [key, checksumOf(key, value)]));
}

type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

function operation({ key, value }: Write): Operation {
  if (value === null) return { type: 'del', key };
  return { type: 'put', key, value: encodeRecord(key, value) };
}

/** Reads and judges everything; a folder without a single record is new, and gets its format. */
async function loadRecords(database: Database, folder: string): Promise<Map<string, Uint8Array>> {
  const raw = new Map<string, Uint8Array>();
  for await (const [key, record] of database.iterator()) raw.set(key, record);
  if (raw.size === 0) {
    const format = { key: RECORDS.format, value: toUtf8(String(STATE_FORMAT)) };
    const seal = { key: RECORDS.seal, value: encodeSeal(0n, 0) };
    await database.batch([format, seal].map(operation), { sync: true });
    return raw;
  }
  checkFormat(raw.get(RECORDS.format), folder);
  const records = new Map<string, Uint8Array>();
  for (const [key, record] of raw) records.set(key, decodeRecord(key, record));
  checkSeal(records);
  records.delete(RECORDS.format);
  records.delete(RECORDS.seal);
  return records;
}

/** The format record keeps its layout for ever, so that any version can read any other's. */
function checkFormat(record: Uint8Array | undefined, folder: string): void {
  if (record === undefined) throw new Refusal('state-corrupt', { key: RECORDS.format, folder });
  const text = fromUtf8(decodeRecord(RECORDS.format, record));
  if (!/^[1-9][0-9]{0,8}$/.test(text)) {
    throw new Refusal('state-corrupt', { key: RECORDS.format, folder });
  }
  const got = Number.parseInt(text, 10);
  if (got > STATE_FORMAT) throw new Refusal('state-newer', { expected: STATE_FORMAT, got, folder });
}

function checkSeal(records: ReadonlyMap<string, Uint8Array>): void {
  const seal = records.get(RECORDS.seal);
  const sealed = [...records].filter(([key]) => key !== RECORDS.seal && key !== RECORDS.format);
  const sum = sumOf(sealed.map(([key, value]) => checksumOf(key, value)));
  if (seal === undefined || !equalBytes(seal, encodeSeal(sum, sealed.length))) {
    throw new Refusal('state-corrupt', { key: RECORDS.seal });
  }
}

function sumOf(checksums: Iterable<bigint>): bigint {
  let sum = 0n;
  for (const checksum of checksums) sum = addChecksum(sum, checksum);
  return sum;
}

function troubleOf(error: unknown, folder: string): unknown {
  if (error instanceof Refusal || error instanceof Failure) return error;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  switch (systemCode(cause)) {
    case 'LEVEL_LOCKED':
      return new Refusal('state-locked', { folder });
    case 'LEVEL_CORRUPTION':
      return new Refusal('state-corrupt', { folder });
    default:
      return new Failure('store-unreadable', `the state in ${folder} cannot be opened`, error);
  }
}
