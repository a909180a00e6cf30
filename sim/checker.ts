/**
 * A checker: one sentence that must hold after every step, and what is thrown when it does not.
 */

import type { RelationProposal } from '../federation/relation-proposal.ts';
import type { Received } from './handshake.ts';
import type { Machine } from './machine.ts';
import type { Step } from './step.ts';
import type { Withdrawal, World } from './world.ts';

export interface Checker {
  /** After each step of an honest machine. */
  step?(step: Step): void;
  /** A machine, honest or not, woke and did nothing; by its clock the next wake is in `nextMs`. */
  idled?(machine: Machine, nextMs: number): void;
  /** A process starts on what its disk holds. */
  started?(machine: Machine): void;
  /** A document, beacon or tick leaves a machine, or is passed on: all before it is done. */
  sent?(machine: Machine, message: Uint8Array): void;
  /** Gossip is dropped before it is looked at, in favour of what this machine has had. */
  dropped?(machine: Machine, message: Uint8Array, had: Uint8Array): void;
  /** A link came up: each of its ends in turn is `from`. */
  linked?(from: Machine, to: Machine, received: Received): void;
  /** A machine shows its people a proposal of a relation; by somebody without the key, or not. */
  proposed?(machine: Machine, proposal: RelationProposal, isForged: boolean): void;
  withdrawn?(withdrawal: Withdrawal): void;
  /** After the run. */
  end?(): void;
}

/** Ends the run: the sentence is broken, and this is how. */
export type Fail = (why: string) => never;

/** One row of the table of checkers. */
export interface CheckerKind {
  readonly sentence: string;
  readonly make: (world: World, fail: Fail) => Checker;
}

/** A broken invariant. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly sentence: string;
  readonly at: number;

  constructor(sentence: string, at: number, why: string) {
    super(why);
    this.sentence = sentence;
    this.at = at;
  }
}

/** The coalition did not come together again after everything was healed. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}
