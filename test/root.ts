/** Where the project lies: the folder of package.json, whichever compiled file asks. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Absolute path of the project's root folder. */
export const ROOT = findRoot(import.meta.dirname);

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const above = dirname(from);
  if (above === from) throw new Error('no package.json above the tests');
  return findRoot(above);
}
