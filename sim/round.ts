/**
 * The round of those who look at one machine: a domain is looked at where a step changed something
 * of it, and else in its turn, since time alone changes how it stands.
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Output } from '../federation/step.ts';

/** A domain that is silent has so many turns while it stays fresh. */
const TURNS_WHILE_FRESH = 16;
/** One that was looked at because it changed is passed over once. */
const TURNS_AFTER_CHANGE = 2;
const NONE: readonly TrustDomain[] = [];

export class Round {
  readonly #everyMs: number;
  readonly #turnAt = new Map<TrustDomain, number>();
  /** Nobody's turn comes before this. */
  #nextAt = 0;

  constructor(freshForMs: number) {
    this.#everyMs = freshForMs / TURNS_WHILE_FRESH;
  }

  /** The domains of which a step changed something, each once. */
  changed({ effects }: Output, t: number): readonly TrustDomain[] {
    let changed = NONE;
    for (const effect of effects) {
      if (effect.kind !== 'changed' || changed.includes(effect.domain)) continue;
      changed = [...changed, effect.domain];
      this.#turnAt.set(effect.domain, t + TURNS_AFTER_CHANGE * this.#everyMs);
    }
    return changed;
  }

  /** Those of these domains whose turn has come. */
  due(domains: () => Iterable<TrustDomain>, t: number): readonly TrustDomain[] {
    if (t < this.#nextAt) return NONE;
    const due: TrustDomain[] = [];
    this.#nextAt = t + this.#everyMs;
    for (const domain of domains()) {
      const turnAt = this.#turnAt.get(domain) ?? t;
      if (turnAt > t) {
        this.#nextAt = Math.min(this.#nextAt, turnAt);
        continue;
      }
      due.push(domain);
      this.#turnAt.set(domain, t + this.#everyMs);
    }
    return due;
  }
}
