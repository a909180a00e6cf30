/**
 * Readings of what never changes: each is made once, and kept for as long as anybody holds what it
 * was made from. What is refused is not kept: it is refused again.
 */

/** The same reader, and the second reading of a thing is the first one. */
export function readOnce<From extends object, T>(read: (from: From) => T): (from: From) => T {
  const known = new WeakMap<From, T>();
  return (from) => {
    const before = known.get(from);
    if (before !== undefined) return before;
    const value = read(from);
    known.set(from, value);
    return value;
  };
}
