/** A person at the keyboard: Ctrl-C, and the breath in which it is noticed. */

/** Aborted by the first Ctrl-C; a second one ends the process. */
export function interruption(): AbortSignal {
  const ended = new AbortController();
  process.once('SIGINT', () => ended.abort());
  return ended.signal;
}

/** Lets signals in between two stretches of a run. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
