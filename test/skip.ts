/**
 * How a test says that it could not run here. Nothing is skipped silently: the runner counts these
 * lines, lists them with their reasons, and fails a file that skips in any other way.
 */

const SKIPPED = 'skipped: ';
const BECAUSE = ' — ';

/** A test that did not run, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

/** Declares that the test called `name` (`suite › sentence`) does not run here. */
export function skip(name: string, reason: string): void {
  console.log(`\n${SKIPPED}${name}${BECAUSE}${reason}`);
}

/** The skips that a test file declared in its output. */
export function parseSkips(output: string): readonly Skipped[] {
  return output.split('\n').flatMap((line) => {
    if (!line.startsWith(SKIPPED)) return [];
    const cut = line.indexOf(BECAUSE);
    return [{ name: line.slice(SKIPPED.length, cut), reason: line.slice(cut + BECAUSE.length) }];
  });
}
