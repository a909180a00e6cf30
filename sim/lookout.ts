/**
 * The lookout: of what happens often it calls each checker for what that looks at, and no other.
 *
 * Most steps refuse some gossip, or store two records and touch one domain: most checkers have
 * nothing to do with either, and are not even asked.
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Effect } from '../federation/effect.ts';
import type { Checker } from './checker.ts';
import type { Machine } from './machine.ts';
import type { Step, StepWrite } from './step.ts';

type Look<T> = (what: T, step: Step) => void;
/** By the kind of input, record or effect, or by the code of a refusal. */
type Looks<T> = ReadonlyMap<string, readonly Look<T>[]>;

const NO_LOOKS: readonly never[] = [];

export class Lookout {
  readonly #step: readonly Checker[];
  readonly #forged: readonly Checker[];
  readonly #viewed: readonly Checker[];
  readonly #idled: readonly Checker[];
  readonly #sent: readonly Checker[];
  readonly #dropped: readonly Checker[];
  readonly #given: Looks<Step>;
  readonly #refused: Looks<Step>;
  readonly #wrote: Looks<StepWrite>;
  readonly #asked: Looks<Effect>;

  constructor(checkers: readonly Checker[]) {
    const having = (method: keyof Checker): readonly Checker[] =>
      checkers.filter((checker) => checker[method] !== undefined);
    this.#step = having('step');
    this.#forged = having('forged');
    this.#viewed = having('viewed');
    this.#idled = having('idled');
    this.#sent = having('sent');
    this.#dropped = having('dropped');
    this.#given = looksOf(checkers.map(({ given }) => given));
    this.#refused = looksOf(checkers.map(({ refused }) => refused));
    this.#wrote = looksOf(checkers.map(({ wrote }) => wrote));
    this.#asked = looksOf(checkers.map(({ asked }) => asked));
  }

  /** After a step of an honest machine, upon which these domains may stand otherwise. */
  stepped(step: Step, domains: readonly TrustDomain[]): void {
    const { machine, now, delivery, output } = step;
    const { forgedFor } = delivery;
    if (forgedFor !== null) for (const checker of this.#forged) checker.forged?.(step, forgedFor);
    call(this.#given, delivery.input.kind, step, step);
    if (output.verdict !== null) call(this.#refused, output.verdict.code, step, step);
    if (!output.effects.every(isRefusal)) this.#acted(step);
    for (const domain of domains) {
      const view = machine.node?.viewOf(domain, now) ?? null;
      if (view === null) continue;
      for (const checker of this.#viewed) checker.viewed?.(view, step);
    }
  }

  /** After a step that did more than refuse. */
  #acted(step: Step): void {
    const { output, writes } = step;
    for (const checker of this.#step) checker.step?.(step);
    for (const write of writes) call(this.#wrote, write.kind, write, step);
    for (const effect of output.effects) call(this.#asked, effect.kind, effect, step);
  }

  /** A machine woke and did nothing. */
  idled(machine: Machine, nextMs: number): void {
    for (const checker of this.#idled) checker.idled?.(machine, nextMs);
  }

  /** Evidence leaves an honest machine. */
  sent(machine: Machine, message: Uint8Array): void {
    for (const checker of this.#sent) checker.sent?.(machine, message);
  }

  /** Gossip is dropped in favour of what this machine has had. */
  dropped(machine: Machine, message: Uint8Array, had: Uint8Array): void {
    for (const checker of this.#dropped) checker.dropped?.(machine, message, had);
  }
}

function isRefusal({ kind }: Effect): boolean {
  return kind === 'refused';
}

function looksOf<T>(tables: readonly (object | undefined)[]): Looks<T> {
  const looks = new Map<string, Look<T>[]>();
  for (const [kind, look] of tables.flatMap((table) => Object.entries(table ?? {}))) {
    looks.set(kind, [...(looks.get(kind) ?? NO_LOOKS), look]);
  }
  return looks;
}

function call<T>(looks: Looks<T>, kind: string, what: T, step: Step): void {
  for (const look of looks.get(kind) ?? NO_LOOKS) look(what, step);
}
