/**
 * How the simulator ends, as TigerBeetle's does: what went wrong is in the number.
 */

import type { RunResult, Verdict } from './run.ts';

export const EXIT = {
  held: 0,
  usage: 2,
  crash: 127,
  liveness: 128,
  safety: 129,
  interrupted: 130,
  /** Nobody read on, as a shell tells of SIGPIPE. */
  unread: 141,
} as const;

/** Safety weighs most, then a crash, then liveness. */
const WEIGHT: readonly Verdict[] = ['held', 'interrupted', 'liveness', 'crash', 'safety'];

/** The exit code of several runs: the gravest of them. */
export function exitCodeOf(results: readonly Pick<RunResult, 'verdict'>[]): number {
  const gravest = Math.max(0, ...results.map(({ verdict }) => WEIGHT.indexOf(verdict)));
  return EXIT[WEIGHT[gravest] ?? 'held'];
}
