/** Signals of this process: how a person or a service manager asks the daemon to end. */

const ENDING = ['SIGINT', 'SIGTERM'] as const;

/** Resolves with the first signal that asks to end; a second one ends the process at once. */
export function untilAskedToEnd(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ENDING) process.once(signal, () => resolve(signal));
  });
}
