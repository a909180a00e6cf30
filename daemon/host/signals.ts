/**
 * Signals of this process: how a person or a service manager asks the daemon to end, or to read
 * its configuration anew. SIGHUP says the one where a terminal was hung up, and the other from a
 * service manager.
 */

/** Resolves with the first signal that asks to end; a second one ends the process at once. */
export function untilAskedToEnd(): Promise<string> {
  const ending = ['SIGINT', 'SIGTERM', ...(isAtTerminal() ? ['SIGHUP'] : [])] as const;
  return new Promise((resolve) => {
    for (const signal of ending) process.once(signal, () => resolve(signal));
  });
}

/** Calls back each time the configuration is to be read anew; returns how to stop listening. */
export function onAskedToReload(callback: () => void): () => void {
  if (isAtTerminal()) return () => undefined;
  process.on('SIGHUP', callback);
  return () => process.off('SIGHUP', callback);
}

/** Ends this process once `ms` have passed, unless the returned function is called before. */
export function endWithin(ms: number, last: () => void): () => void {
  const timer = setTimeout(() => {
    last();
    process.exit(1);
  }, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

function isAtTerminal(): boolean {
  return process.stdin.isTTY === true || process.stderr.isTTY === true;
}
