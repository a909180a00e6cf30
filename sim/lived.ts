/**
 * What a report tells of: a run that was lived through, in this simulator or over real libp2p on
 * virtual time (`test/virtual/`).
 */

import type { History } from './history.ts';
import type { RunResult } from './run.ts';
import type { Scenario } from './scenario.ts';

/** What a link carried, both directions together. */
export interface Traffic {
  readonly link: string;
  readonly bytes: number;
}

export interface Lived {
  readonly scenario: Scenario;
  /** When it was over, in milliseconds. */
  readonly now: number;
  readonly history: History;
  readonly machines: ReadonlyMap<string, unknown>;
  readonly traffic: readonly Traffic[];
}

/** How it ended. */
export type Ended = Pick<
  RunResult,
  'seed' | 'verdict' | 'sentence' | 'why' | 'at' | 'events' | 'traceHash' | 'tail'
>;
