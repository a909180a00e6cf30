/** Questions to the person at the terminal, where there is one. */

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks on standard error and reads one line; undefined where nobody sits there. */
export function terminalAsk(): ((question: string) => Promise<string>) | undefined {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  return async (question) => {
    using lines = createInterface({ input: process.stdin, output: process.stderr });
    return await lines.question(question);
  };
}

/** The same for a passphrase: what is typed is not shown. */
export function terminalAskSecret(): ((question: string) => Promise<string>) | undefined {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  return async (question) => {
    process.stderr.write(question);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    using lines = createInterface({ input: process.stdin, output: silent, terminal: true });
    const typed = await lines.question('');
    process.stderr.write('\n');
    return typed;
  };
}
