/**
 * Files of the Wycheproof collection: JSON with an `algorithm` and groups of tests of one `type`.
 *
 * Only `algorithm` and the type of the groups tell what a file is, since not every generation of
 * the collection carries a `schema`. A test with a member unknown here is not judged by half: it
 * counts as skipped, by name.
 */

import type { Skipped } from '../skip.ts';
import { sumOf, type VectorFile, type Verdict } from './kind.ts';

/** One test, its members as the file spells them. */
export interface WycheproofCase {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly [member: string]: unknown;
}

/** One group of tests; what they share stands in its other members. */
export interface WycheproofGroup {
  readonly type: string;
  readonly tests: readonly WycheproofCase[];
  readonly [member: string]: unknown;
}

/** True for a file of that algorithm (any case) with a group of that type. */
export function isWycheproof(file: VectorFile, algorithm: string, type: string): boolean {
  const named = file.json?.algorithm;
  const isSame = typeof named === 'string' && named.toUpperCase() === algorithm.toUpperCase();
  return isSame && groupsOf(file).some((group) => group.type === type);
}

/** True for any file of the collection. */
export function isOfCollection(file: VectorFile): boolean {
  return typeof file.json?.algorithm === 'string' && groupsOf(file).length > 0;
}

/** The groups of a file; none where it is of another collection. */
export function groupsOf(file: VectorFile): readonly WycheproofGroup[] {
  const groups = file.json?.testGroups;
  return Array.isArray(groups) ? groups : [];
}

/** How to judge the cases of one type of group. */
export interface CaseJudge {
  readonly type: string;
  /** Members that a case may have, beside those every case has. */
  readonly members: readonly string[];
  /** The verdict of our code, by implementation; or why this case cannot be put to it. */
  verdicts(
    group: WycheproofGroup,
    each: WycheproofCase,
  ): Readonly<Record<string, boolean>> | { readonly unjudged: string };
}

const EVERY_CASE = ['tcId', 'comment', 'flags', 'result'];

/** Judges every case of the files; all implementations must agree, even where either is right. */
export function judgeCases(files: readonly VectorFile[], judge: CaseJudge): Verdict {
  const groups = files.flatMap((file) =>
    groupsOf(file).map((group) => ({ path: file.path, group })),
  );
  return sumOf(groups.map(({ path, group }) => judgeGroup(path, group, judge)));
}

function judgeGroup(path: string, group: WycheproofGroup, judge: CaseJudge): Verdict {
  const wrong: string[] = [];
  const skipped: Skipped[] = [];
  for (const each of group.tests) {
    const name = `${path}#${each.tcId}`;
    const verdicts = unjudgedBecause(group, each, judge) ?? judge.verdicts(group, each);
    if ('unjudged' in verdicts) {
      skipped.push({ name, reason: String(verdicts.unjudged) });
      continue;
    }
    const given = Object.values(verdicts);
    const isSplit = new Set(given).size !== 1;
    const isWrong =
      each.result !== 'acceptable' && given.some((v) => v !== (each.result === 'valid'));
    if (isSplit || isWrong) wrong.push(`${name}: ${each.result}, got ${JSON.stringify(verdicts)}`);
  }
  return { taken: group.tests.length - skipped.length, wrong, skipped };
}

function unjudgedBecause(
  group: WycheproofGroup,
  each: WycheproofCase,
  judge: CaseJudge,
): { readonly unjudged: string } | undefined {
  if (group.type !== judge.type) return { unjudged: `a group of type ${group.type}` };
  const known = [...EVERY_CASE, ...judge.members];
  const unknown = Object.keys(each).filter((member) => !known.includes(member));
  return unknown.length === 0 ? undefined : { unjudged: `unknown members ${unknown.join(', ')}` };
}

/** The bytes of a hex member; a member that is no hex is a fault of the file. */
export function hexMember(holder: Readonly<Record<string, unknown>>, member: string): Uint8Array {
  const hex = holder[member];
  if (typeof hex !== 'string' || !/^(?:[0-9a-f]{2})*$/i.test(hex)) {
    throw new Error(`not hex: ${member}: ${String(hex)}`);
  }
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
