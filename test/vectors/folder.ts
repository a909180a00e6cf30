/** Reads the vectors: those of others beside the project, and our own within it. */

import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from '../root.ts';
import type { VectorFile } from './kind.ts';

/** HOLDFAST_VECTORS, or the folder beside the project where the vectors are kept. */
export const FOLDER = resolve(process.env.HOLDFAST_VECTORS ?? join(ROOT, '../shared/vectors'));

/** Our own vectors, which come with the project. */
export const OWN_FOLDER = join(ROOT, 'test/vectors/protocol');

/** Every file of both folders, sorted by path, descriptions left out; none of what is absent. */
export function readVectors(): readonly VectorFile[] {
  return [...readFolder(FOLDER), ...readFolder(OWN_FOLDER)];
}

function readFolder(folder: string): readonly VectorFile[] {
  if (!existsSync(folder)) return [];
  return globSync('**/*', { cwd: folder })
    .filter((path) => !path.endsWith('.md') && statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => {
      const bytes = new Uint8Array(readFileSync(join(folder, path)));
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
