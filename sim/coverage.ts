/**
 * Coverage: what a run, or a swarm of runs, has really seen.
 *
 * A simulator that never reaches a fault proves nothing about it. Every point that some run has
 * to reach is declared in `points.ts`; a swarm in which one stays at zero has failed.
 */

export class Coverage {
  readonly #counts = new Map<string, number>();

  saw(point: string, times = 1): void {
    this.#counts.set(point, (this.#counts.get(point) ?? 0) + times);
  }

  count(point: string): number {
    return this.#counts.get(point) ?? 0;
  }

  /** Every point seen, sorted, with how often. */
  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
