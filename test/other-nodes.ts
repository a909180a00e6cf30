/** Every other Node that is installed: what has to come out alike is run on those as well. */

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Those on the path, by their version. */
export function otherNodes(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    if (!existsSync(node)) continue;
    const { stdout } = spawnSync(realpathSync(node), ['--version'], { encoding: 'utf8' });
    const version = stdout.trim();
    if (version !== '' && version !== process.version) found.set(version, realpathSync(node));
  }
  return found;
}

/** The digest of the trace that a program says on its last line, run by that Node. */
export function traceBy(node: string, words: readonly string[]): string {
  const { stdout, stderr } = spawnSync(node, words, { encoding: 'utf8' });
  const [, trace] = /"traceHash":"([0-9a-f]{64})"/.exec(stdout) ?? [];
  if (trace === undefined) throw new Error(stderr.slice(-2_000));
  return trace;
}
