/** Questions to the person at the terminal, where there is one. */

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { assert } from '../../core/assert.ts';
import { concat } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';

/** Standard input to its end, at most `bytesMax`. Refuses `too-large`. */
export async function readInput(bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin) {
    assert(chunk instanceof Uint8Array, 'nobody set an encoding');
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) throw new Refusal('too-large', { limit: bytesMax });
    chunks.push(chunk);
  }
  return concat(...chunks);
}

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
