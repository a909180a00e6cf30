/**
 * The seam between the vectors folder and the code it judges: one `Kind` for each sort of file.
 *
 * A kind claims files by what they say of themselves, or by the shape of the folder they lie in,
 * never by a name alone: another folder with other cases of the same shape is judged as well. To
 * have a kind judged, give it a `judge` and leave it in the table of kinds.ts.
 */

import { posix } from 'node:path';
import type { Skipped } from '../skip.ts';

/** One file of the folder. `path` is relative to it, with forward slashes. */
export interface VectorFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The members of a JSON object; undefined for any other file. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** What judging came to. A verdict of no case at all is a failure. */
export interface Verdict {
  /** Cases that were judged. */
  readonly taken: number;
  /** Cases where the code disagrees with the vectors, as `path#case: how`. */
  readonly wrong: readonly string[];
  /** Cases that were recognised and could not be judged. */
  readonly skipped: readonly Skipped[];
}

/** One sort of vectors. */
export interface Kind {
  /** Such as `Ed25519 verification (Wycheproof)`. */
  readonly name: string;
  claims(file: VectorFile): boolean;
  /** Judges the code by the files claimed, or says why no code is judged. */
  readonly judge: ((files: readonly VectorFile[]) => Verdict) | { readonly absent: string };
}

/** Claims by the name of a folder that holds the file, at any depth. */
export const isUnder =
  (folder: string) =>
  ({ path }: VectorFile): boolean =>
    posix.dirname(path).split('/').includes(folder);

/** Adds up the verdicts of several files or groups. */
export function sumOf(verdicts: readonly Verdict[]): Verdict {
  return {
    taken: verdicts.reduce((sum, { taken }) => sum + taken, 0),
    wrong: verdicts.flatMap(({ wrong }) => wrong),
    skipped: verdicts.flatMap(({ skipped }) => skipped),
  };
}
