/**
 * Judges the code by the vectors of others, one test for each kind found in the folder.
 *
 * Timeout: 480 s, for the portable signatures on a slow machine.
 */

import { suite } from 'uvu';
import { skip } from '../skip.ts';
import { FOLDER, readVectors } from './folder.ts';
import type { Kind, VectorFile } from './kind.ts';
import { KINDS } from './kinds.ts';

const vectors = suite('vectors/vectors');

const files = readVectors();
const claimant = new Map<VectorFile, Kind | undefined>(
  files.map((file) => [file, KINDS.find((kind) => kind.claims(file))]),
);

for (const kind of KINDS) {
  const claimed = files.filter((file) => claimant.get(file) === kind);
  const { judge } = kind;
  if (claimed.length === 0) skip(`vectors › ${kind.name}`, `no vectors in ${FOLDER}`);
  else if (typeof judge === 'function') vectors(`agree: ${kind.name}`, () => take(kind, claimed));
  else
    skip(`vectors › ${kind.name}: ${claimed.length} files from ${claimed[0]?.path}`, judge.absent);
}
for (const [{ path }, kind] of claimant) {
  if (kind === undefined) skip(`vectors › ${path}`, 'a file of no kind that is known');
}

vectors.run();

function take(kind: Kind, claimed: readonly VectorFile[]): void {
  if (typeof kind.judge !== 'function') return;
  const { taken, wrong, skipped } = kind.judge(claimed);
  console.log(`\ntook: ${taken} cases of ${claimed.length} files: ${kind.name}`);
  for (const [reason, alike] of Map.groupBy(skipped, (each) => each.reason)) {
    skip(`vectors › ${kind.name}: ${alike.length} cases from ${alike[0]?.name}`, reason);
  }
  if (taken === 0 && skipped.length === 0) throw new Error('the files hold no case');
  if (wrong.length > 0) throw new Error(`\n    ${wrong.join('\n    ')}`);
}
