/**
 * The project's own sources as house tests read them: as text.
 *
 * The compiler in use has no interface for tools, and most rules are plain anyway. `code` is the
 * source with comments and the insides of literals blanked, same length, same lines: what a rule
 * finds there is code, never a sentence about code.
 */

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';
import { blank } from './blank.ts';

/** Folders that hold TypeScript. */
export const FOLDERS = ['core', 'federation', 'firmware', 'daemon', 'tui', 'sim', 'test'] as const;

/** One source file; `path` is relative to the root. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
}

/** Every TypeScript file of the project, sorted; generated files (`gen/`) have their own rules. */
export function readSources(): readonly Source[] {
  return globSync(
    FOLDERS.map((folder) => `${folder}/**/*.{ts,tsx}`),
    { cwd: ROOT },
  )
    .filter((path) => !path.includes('/gen/'))
    .sort()
    .map((path) => sourceOf(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** A source given as text: real files, and the planted offences that prove a rule. */
export function sourceOf(path: string, text: string): Source {
  return { path, text, code: blank(text) };
}

/** The line number, from 1, of an index into a text. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** `path:line: what` for every match of `pattern` (global) in the code of a source. */
export function offencesOf(source: Source, pattern: RegExp, what: string): readonly string[] {
  return [...source.code.matchAll(pattern)].map(
    (match) => `${source.path}:${lineAt(source.code, match.index)}: ${match[0].trim()}: ${what}`,
  );
}

/** Fails with every offence on a line of its own. */
export function expectNone(offences: readonly string[]): void {
  if (offences.length === 0) return;
  const error = new Error(`\n    ${offences.join('\n    ')}`);
  error.stack = error.name; // where this was thrown says nothing: the offences are elsewhere
  throw error;
}
