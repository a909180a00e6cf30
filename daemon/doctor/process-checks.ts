/** What the kernel lets the process of the daemon do (proc_pid_limits(5)). */

import { readFile } from 'node:fs/promises';
import { systemCode } from '../host/files.ts';
import { type Finding, note, ok } from './finding.ts';

/** A few hundred links, a thousand workloads, and as much again. */
const OPEN_FILES_MIN = 4_096;

/** How much of each limit process `pid` has; nothing where the kernel does not say. */
export async function processFindings(pid: string): Promise<readonly Finding[]> {
  const limits = await limitsOf(pid);
  const core = limits.get('core file size');
  const files = limits.get('open files');
  if (core === undefined || files === undefined) return [];
  return [
    core === 0
      ? ok('core', 'a crash writes no memory to the disk')
      : note('core', 'a crash would write keys to the disk', `prlimit --pid ${pid} --core=0`),
    files >= OPEN_FILES_MIN
      ? ok('files', `the daemon may open ${files === Infinity ? 'any number of' : files} files`)
      : note(
          'files',
          `the daemon may open ${files} files, fewer than many workloads need`,
          `sudo prlimit --pid ${pid} --nofile=${OPEN_FILES_MIN}:${OPEN_FILES_MIN}`,
        ),
  ];
}

/** The soft limits by name, in small letters; empty if the process is gone or another user's. */
async function limitsOf(pid: string): Promise<ReadonlyMap<string, number>> {
  try {
    const lines = (await readFile(`/proc/${pid}/limits`, 'latin1')).split('\n');
    const rows = lines.map((line) => /^Max (.+?) {2,}(unlimited|\d+) /.exec(line));
    return new Map(
      rows.flatMap((row) => {
        const [, name = '', soft = ''] = row ?? [];
        const limit = soft === 'unlimited' ? Infinity : Number.parseInt(soft, 10);
        return row === null ? [] : [[name.toLowerCase(), limit] as const];
      }),
    );
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return new Map();
    throw error;
  }
}
