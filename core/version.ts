/** The version of this program, and which others speak of the same things. */

/** The same as in package.json: a test compares the two. */
export const VERSION = '0.1.0';

/** True for a version of our series: two of one series understand each other. */
export function isOfOurSeries(version: string): boolean {
  return seriesOf(version) === seriesOf(VERSION);
}

/** `0.1` of `0.1.7`. */
function seriesOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
