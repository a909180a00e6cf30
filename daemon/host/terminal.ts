/** A question to the person at the terminal, where there is one. */

import { createInterface } from 'node:readline/promises';

/** Asks on standard error and reads one line; undefined where nobody sits there. */
export function terminalAsk(): ((question: string) => Promise<string>) | undefined {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  return async (question) => {
    using lines = createInterface({ input: process.stdin, output: process.stderr });
    return await lines.question(question);
  };
}
