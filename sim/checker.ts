/**
 * A checker: one sentence that must hold after every step, and what is thrown when it does not.
 */

import type { RefusalCode } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Effect } from '../federation/effect.ts';
import type { Input } from '../federation/input.ts';
import type { RecordKind } from '../federation/record-key.ts';
import type { RelationProposal } from '../federation/relation-proposal.ts';
import type { DomainView } from '../federation/view.ts';
import type { Received } from './handshake.ts';
import type { Machine } from './machine.ts';
import type { Step, StepWrite } from './step.ts';
import type { Withdrawal, World } from './world.ts';

/** What a checker looks at. Of the steps of a machine it sees those of honest ones alone. */
export interface Checker {
  /** After each step by which more than a refusal was noted. */
  step?(step: Step): void;
  /** After each that was given what somebody made without a key of this domain. */
  forged?(step: Step, forgedFor: TrustDomain): void;
  /** After each that was given an input of such a kind. */
  readonly given?: { readonly [K in Input['kind']]?: (step: Step) => void };
  /** After each that refused what it was given, with such a code. */
  readonly refused?: { readonly [K in RefusalCode]?: (step: Step) => void };
  /** For each record of such a kind that a step stored or removed. */
  readonly wrote?: { readonly [K in RecordKind]?: (write: StepWrite, step: Step) => void };
  /** For each effect of such a kind that a step asked for; for a refusal there is `refused`. */
  readonly asked?: {
    readonly [K in Exclude<Effect['kind'], 'refused'>]?: (
      effect: Extract<Effect, { readonly kind: K }>,
      step: Step,
    ) => void;
  };
  /** For each domain that may stand otherwise since a step, as the machine sees it now. */
  viewed?(view: DomainView, step: Step): void;
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
