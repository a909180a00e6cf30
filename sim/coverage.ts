/**
 * Coverage: what a run, or a swarm of runs, has really seen.
 *
 * A simulator that never reaches a fault proves nothing about it. Every point that some run has
 * to reach is declared in `points.ts`; a large swarm in which one stays at zero has failed.
 */

export class Coverage {
  readonly #counts = new Map<string, Map<string, { times: number }>>();

  /** `saw('tier', 'FRESH')` counts `tier: FRESH`, a name that is put together at the end. */
  saw(point: string, which = ''): void {
    const count = this.#counts.get(point)?.get(which) ?? this.#begin(point, which);
    count.times += 1;
  }

  /** Every point seen, sorted, with how often. */
  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts]
      .flatMap(([point, counts]) =>
        [...counts].map(([which, { times }]): readonly [string, number] => [
          which === '' ? point : `${point}: ${which}`,
          times,
        ]),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #begin(point: string, which: string): { times: number } {
    const count = { times: 0 };
    const counts = this.#counts.get(point) ?? new Map<string, { times: number }>();
    this.#counts.set(point, counts.set(which, count));
    return count;
  }
}
