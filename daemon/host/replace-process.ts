/** Another program in place of this one, on the same terminal, under the same process id. */

import { fileURLToPath } from 'node:url';
import { assert } from '../../core/assert.ts';

const VARIABLES = {
  NODE_ENV: 'production',
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '65536',
} as const;

/**
 * Replaces this process by Node running `program` with `args`; does not return. React's checks for
 * developers are turned off: they cost memory, and find nothing that the tests do not. One heap for
 * all threads of the C library, which gives back what is free at its end: else each thread, and
 * each large frame that came in, keeps megabytes that nobody uses.
 */
export function replaceByProgram(program: URL, flags: readonly string[], args: readonly string[]) {
  assert(process.execve !== undefined, 'this platform replaces processes');
  const argv = [process.execPath, ...flags, fileURLToPath(program), ...args];
  const variables = { ...process.env, ...VARIABLES };
  return process.execve(process.execPath, argv, variables);
}
