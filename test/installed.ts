/** Which programs of others a test can use here. */

import { spawnSync } from 'node:child_process';

/** Why tests that need `programs` do not run here; null where they do. */
export function missingPrograms(programs: readonly string[]): string | null {
  const missing = programs.filter((program) => !isInstalled(program));
  return missing.length === 0 ? null : `${missing.join(', ')} not installed`;
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
