/**
 * Custody without a chip: each secret a file for its owner alone (`store/key-file.ts`). Whoever can
 * read the disk has the keys, and status says `software`.
 */

import { createKeyFile, destroyKeyFile, hasKeyFile, loadKeyFile } from '../store/key-file.ts';
import type { KeyCustody } from './custody.ts';

/** Keeps secrets as key files in `folder`. Refuses and fails as `store/key-file.ts` does. */
export function fileCustody(folder: string): KeyCustody {
  return {
    has: (name) => hasKeyFile({ folder, name }),
    create: (name, secret) => createKeyFile({ folder, name }, secret),
    load: (name) => loadKeyFile({ folder, name }),
    destroy: (name) => destroyKeyFile({ folder, name }),
  };
}
