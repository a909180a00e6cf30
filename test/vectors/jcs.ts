/**
 * RFC 8785 against the canonical writer: `input/X.json`, `output/X.json` and `outhex/X.txt`.
 *
 * The three folders tell the kind, whatever folder holds them. The output must also be its own
 * canonical form, where our reader takes its numbers at all.
 */

import { posix } from 'node:path';
import { equalBytes } from '../../core/bytes.ts';
import { encodeCanonical, parseJson } from '../../core/canonical.ts';
import type { Kind, VectorFile, Verdict } from './kind.ts';

const FOLDERS = ['input', 'output', 'outhex'];

/** JSON canonicalization. Inputs are the cases; outputs are claimed along with them. */
export const jcsKind: Kind = {
  name: 'JSON canonicalization (RFC 8785)',
  claims: ({ path }) =>
    FOLDERS.includes(folderOf(path)) &&
    posix.basename(posix.dirname(posix.dirname(path))) === 'jcs',
  judge(files) {
    const inputs = files.filter(({ path }) => folderOf(path) === 'input');
    const wrong = inputs.flatMap((input) => wrongsOf(input, files));
    return { taken: inputs.length, wrong, skipped: [] } satisfies Verdict;
  },
};

function wrongsOf(input: VectorFile, files: readonly VectorFile[]): readonly string[] {
  const got = Buffer.from(encodeCanonical(parseJson(input.bytes)));
  const sibling = (folder: string, ending: string): VectorFile | undefined => {
    const base = posix.dirname(posix.dirname(input.path));
    const path = posix.join(base, folder, posix.basename(input.path, '.json') + ending);
    return files.find((file) => file.path === path);
  };
  const output = sibling('output', '.json');
  const hex = sibling('outhex', '.txt');
  if (output === undefined && hex === undefined) return [`${input.path}: no expected output`];
  const wrong: string[] = [];
  if (output !== undefined && !got.equals(output.bytes)) wrong.push(`${output.path}: got ${got}`);
  if (output !== undefined && !isCanonical(output)) {
    wrong.push(`${output.path}: not its own canonical form`);
  }
  if (
    hex !== undefined &&
    got.toString('hex') !== new TextDecoder().decode(hex.bytes).replace(/\s/g, '')
  ) {
    wrong.push(`${hex.path}: got ${got.toString('hex')}`);
  }
  return wrong;
}

function isCanonical({ bytes }: VectorFile): boolean {
  return equalBytes(encodeCanonical(parseJson(bytes)), bytes);
}

function folderOf(path: string): string {
  return posix.basename(posix.dirname(path));
}
