/**
 * A disk that is really full, on a file system of a few mebibytes: what takes something back is
 * written all the same, what is positive waits, and nothing that was acknowledged is lost.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLevelStore } from '../../../daemon/store/level-store.ts';
import { temporaryFolder } from '../../folder.ts';
import { skip } from '../../skip.ts';
import { failed } from '../../trouble.ts';

const full = suite('daemon/store/full-disk');

const DISK = '16m';
const FILLER_BYTES = 64 * 1024;

const revocation = (i: number) => `federation/red.example/revocations/${`${i}`.padStart(64, '0')}`;
const document = (i: number) => `federation/red.example/document/d${i}`;
const write = (key: string, sizeBytes = 1_000) => [{ key, value: new Uint8Array(sizeBytes) }];

/** Why no file system can be mounted here, or null. */
function obstacle(): string | null {
  return process.getuid?.() === 0 ? null : 'only root may mount a file system';
}

async function withDisk(body: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const disk = folder.file('disk');
  mkdirSync(disk, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=0700`, 'tmpfs', disk]);
  try {
    await body(disk);
  } finally {
    execFileSync('umount', [disk]);
  }
}

/** Fills the disk to its last block; the returned function empties it again. */
function fill(disk: string): () => void {
  const path = (i: number | string) => join(disk, `filler-${i}`);
  const made: string[] = [];
  const add = (name: string, bytes: number): boolean => {
    made.push(name);
    try {
      writeFileSync(name, new Uint8Array(bytes));
      return true;
    } catch {
      return false; // the disk is full, which is what is wanted
    }
  };
  for (let i = 0; add(path(i), FILLER_BYTES); i++);
  return () => {
    for (const name of made) rmSync(name, { force: true });
  };
}

async function keysIn(store: string): Promise<readonly string[]> {
  const opened = await openLevelStore(store);
  const keys = [...(await opened.load()).keys()];
  await opened.close();
  return keys;
}

const onFullDisk = (name: string, body: (disk: string) => Promise<void>) => {
  const why = obstacle();
  if (why !== null) skip(`daemon/store/full-disk › ${name}`, why);
  else full(name, () => withDisk(body));
};

onFullDisk('takes a revocation all the same, and nothing else', async (disk) => {
  const path = join(disk, 'store');
  const store = await openLevelStore(path);
  await store.write(write(document(0)));
  const empty = fill(disk);
  await failed(() => store.write(write(document(1), 100_000)), 'store-unwritable');
  await store.write(write(revocation(1)));
  await failed(() => store.write(write(document(2))), 'store-unwritable');
  await store.write(write(revocation(2)));
  empty();
  await store.write(write(document(3)));
  await store.close();
  assert.equal(
    [...(await keysIn(path))].sort(),
    [document(0), document(3), revocation(1), revocation(2)].sort(),
  );
});

onFullDisk('loses nothing that was written after it had room again', async (disk) => {
  const path = join(disk, 'store');
  const store = await openLevelStore(path);
  await store.write(write(document(0)));
  const empty = fill(disk);
  for (let i = 1; i < 5; i++) {
    await failed(() => store.write(write(document(i), 100_000)), 'store-unwritable');
  }
  empty();
  for (let i = 5; i < 9; i++) await store.write(write(document(i)));
  await store.close();
  assert.equal([...(await keysIn(path))].sort(), [0, 5, 6, 7, 8].map(document));
});

full.run();
