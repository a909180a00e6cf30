/**
 * Key files move under the wrapping key of a chip: once, when a chip is first used, and again for
 * any that a person puts back later.
 *
 * For each key: sealed durably, read back and compared, and only then is the file destroyed. A
 * machine that dies in between holds a key twice, and goes on at its next start. Files that a crash
 * left half-made are destroyed as well: one of them may hold a whole key.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { destroyKeyFile, loadKeyFile } from '../store/key-file.ts';
import { destroyPrivateFile } from '../store/private-file.ts';
import type { KeyCustody } from './custody.ts';

const KEY_FILE = /^([a-z0-9][a-z0-9-]{0,63})\.key$/;
const LEFTOVER = /\.key\.new$/;

/**
 * Moves every key file of the folder into `custody`, and says which. Refuses `state-corrupt` where
 * a file holds another key than is kept under its name, and as `loadKeyFile`.
 */
export async function migrateKeyFiles(
  folder: string,
  custody: KeyCustody,
): Promise<readonly string[]> {
  const files = await filesIn(folder);
  const names = files.flatMap((file) => KEY_FILE.exec(file)?.[1] ?? []);
  for (const name of names) await migrate({ folder, name }, custody);
  for (const file of files.filter((each) => LEFTOVER.test(each))) {
    await destroyPrivateFile(join(folder, file));
  }
  return names;
}

async function migrate(
  key: { readonly folder: string; readonly name: string },
  custody: KeyCustody,
): Promise<void> {
  const { name } = key;
  const secret = await loadKeyFile(key);
  if (!(await custody.has(name))) await custody.create(name, secret);
  if (!equalBytes(await custody.load(name), secret)) {
    throw new Refusal('state-corrupt', { why: 'two keys of one name', key: name });
  }
  await destroyKeyFile(key);
}

/** The names in a folder, sorted. Fails `file-unreadable`. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw new Failure('file-unreadable', `${folder} cannot be listed`, error);
  }
}
