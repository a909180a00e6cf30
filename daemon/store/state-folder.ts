/**
 * The state folder and what lies where in it. Everything a daemon owns is in here; a backup holds
 * all of it.
 *
 *     holdfast/          0700
 *       store/           records (LevelDB)
 *       keys/            private material, one file a key
 *       audit.jsonl      the audit log
 */

import { join } from 'node:path';
import { openPrivateFolder } from '../host/files.ts';

export interface StateFolder {
  readonly path: string;
  readonly store: string;
  readonly keys: string;
  readonly auditLog: string;
}

/** The layout under `path`, whether it stands or not. */
export function stateFolderAt(path: string): StateFolder {
  return {
    path,
    store: join(path, 'store'),
    keys: join(path, 'keys'),
    auditLog: join(path, 'audit.jsonl'),
  };
}

/** Makes the folder, or refuses `permissions-wide` if others may enter one that stands. */
export async function openStateFolder(path: string): Promise<StateFolder> {
  const folder = stateFolderAt(path);
  await openPrivateFolder(folder.path);
  await openPrivateFolder(folder.keys);
  return folder;
}
