/**
 * Bugs, the first of the four kinds of trouble: a condition only our own mistake can break.
 *
 * An assertion stays on in production and ends the process, because a daemon that continues after
 * its own invariant broke may let somebody in. Never assert on input from outside: that is a
 * `Refusal`.
 */

/** Thrown when one of our own invariants is broken; nothing catches it. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Ends the process unless `ok`. `why` says what was believed to be impossible. */
export function assert(ok: boolean, why: string): asserts ok {
  if (!ok) throw new Bug(why);
}

/** Closes a switch over a union: the compiler proves that no case is missing. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${String(value)}`);
}
