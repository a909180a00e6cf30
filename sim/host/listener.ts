/** Whoever reads what we write: `| head` goes when it has enough. */

import { EXIT } from '../exit-code.ts';

/** Ends the process in silence once nobody reads on; any other failure of the output is thrown. */
export function endWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(EXIT.unread);
    });
  }
}
