/** Visits every state of a bounded model once: no sampling, no seed, and how many there were. */

/** Where a model starts, what may follow, and which states behave alike. */
export interface Model<State> {
  readonly start: State;
  /** Two states of one key have the same future. */
  readonly keyOf: (state: State) => string;
  readonly next: (state: State) => Iterable<State>;
  /** Asserts what has to hold; called once for each state. */
  readonly check: (state: State) => void;
}

/** Visits all that can be reached; the number of states. */
export function visitAll<State>({ start, keyOf, next, check }: Model<State>): number {
  const seen = new Set([keyOf(start)]);
  const open = [start];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    check(state);
    for (const after of next(state)) {
      const key = keyOf(after);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(after);
    }
  }
  return seen.size;
}
