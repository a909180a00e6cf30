/** Reads the vectors folder: where it lies, and what lies in it. */

import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from '../root.ts';
import type { VectorFile } from './kind.ts';

/** HOLDFAST_VECTORS, or the folder beside the project where the vectors are kept. */
export const FOLDER = resolve(process.env.HOLDFAST_VECTORS ?? join(ROOT, '../shared/vectors'));

/** Every file of the folder, sorted by path, descriptions left out; none where it is absent. */
export function readVectors(): readonly VectorFile[] {
  if (!existsSync(FOLDER)) return [];
  return globSync('**/*', { cwd: FOLDER })
    .filter((path) => !path.endsWith('.md') && statSync(join(FOLDER, path)).isFile())
    .sort()
    .map((path) => {
      const bytes = new Uint8Array(readFileSync(join(FOLDER, path)));
      return { path, bytes, json: membersOf(bytes) };
    });
}

/** The members of a JSON object; undefined where the bytes are anything else. */
function membersOf(bytes: Uint8Array): VectorFile['json'] {
  if (!/^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)))) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
