/** Finds what somebody probably meant to write: the known name with the fewest edits to a typo. */

/** Longer typos are compared by their beginning: the cost is bounded, and the hint no worse. */
const CHARS_MAX = 64;

/** The nearest of `known`, the first of several; undefined only if `known` is empty. */
export function nearestName(typo: string, known: readonly string[]): string | undefined {
  const distances = known.map((name) => editDistance(typo.slice(0, CHARS_MAX), name));
  return known[distances.indexOf(Math.min(...distances))];
}

/** Least number of characters to insert, delete or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
