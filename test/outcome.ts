/**
 * What one test file amounted to, read from what its process printed and how it ended.
 *
 * Suspicious on purpose: a file that forgot to run its suites, that died half-way or that skipped
 * without a reason looks like a success to whoever counts only failures.
 */

import { parseSkips, type Skipped } from './skip.ts';

/** How the process of one test file ended. */
export interface Ended {
  readonly output: string;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  /** Set where the runner ended it for having taken longer. */
  readonly timedOutAfterMs?: number;
}

/** The counts of one test file; `trouble` says why a failure was counted that no test reported. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skipped[];
  readonly trouble: string | undefined;
}

const SUMMARY = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm;

/** Judges one finished test file. At least one failure wherever there is trouble. */
export function outcomeOf(ended: Ended): Outcome {
  const skipped = parseSkips(ended.output);
  const [, total = '0', done = '0', unexplained = '0'] =
    [...ended.output.matchAll(SUMMARY)].at(-1) ?? [];
  const passed = Number.parseInt(done, 10);
  const reported = Number.parseInt(total, 10) - passed;
  const trouble = troubleOf(ended, {
    total: Number.parseInt(total, 10),
    reported,
    unexplained: Number.parseInt(unexplained, 10),
    explained: skipped.length,
  });
  const failed = trouble === undefined ? reported : Math.max(1, reported);
  return { passed, failed, skipped, trouble };
}

interface Counts {
  readonly total: number;
  readonly reported: number;
  readonly unexplained: number;
  readonly explained: number;
}

function troubleOf(ended: Ended, counts: Counts): string | undefined {
  if (ended.timedOutAfterMs !== undefined) return `ended after ${ended.timedOutAfterMs / 1000} s`;
  if (ended.output.search(SUMMARY) < 0) return 'no summary: it ended early or forgot .run()';
  if (counts.unexplained > 0) return `${counts.unexplained} skipped by .skip or .only, unexplained`;
  if (counts.total === 0 && counts.explained === 0) return 'it ran no test';
  if (ended.exitCode !== 0 && counts.reported === 0) return `it exited with ${ended.exitCode}`;
  return undefined;
}
