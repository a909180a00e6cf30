/**
 * What is needed to run workloads of other languages, built outside of the project; or why it
 * cannot be had here. Their packages are pinned beside their sources.
 */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

/** How to start the workload, or why nobody can. */
export type Toolchain = { readonly command: readonly string[] } | { readonly missing: string };

const BUILD_MS_MAX = 100_000;
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast-test');

/** Builds the workload of Go into the cache. */
export function goWorkload(): Toolchain {
  return goProgram('go-client', '.');
}

/** Builds the verifier of Go into the cache. */
export function goVerifier(): Toolchain {
  return goProgram('go-verify', './verify');
}

function goProgram(name: string, source: string): Toolchain {
  if (run('go', ['version']).status !== 0) return { missing: 'no go on the path' };
  const program = join(CACHE, name);
  const built = run('go', ['build', '-o', program, source], join(ROOT, 'test/interop/go-client'));
  if (built.status === 0) return { command: [program] };
  return missingUnless(built, /dial tcp|lookup|timeout|module lookup disabled/, 'go build');
}

/** Makes an environment of Python with the library in the cache. */
export function pythonWorkload(): Toolchain {
  if (run('python3', ['-c', 'import venv, ensurepip']).status !== 0) {
    return { missing: 'no python3 with venv on the path' };
  }
  const folder = join(ROOT, 'test/interop/python-client');
  const requirements = join(folder, 'requirements.txt');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const environment = join(CACHE, `python-${digest.slice(0, 16)}`);
  const python = join(environment, 'bin/python');
  if (!existsSync(python)) run('python3', ['-m', 'venv', environment]);
  if (run(python, ['-c', 'import spiffe']).status !== 0) {
    const pip = ['-m', 'pip', 'install', '--quiet', '--requirement', requirements];
    const installed = run(python, pip);
    if (installed.status !== 0) {
      return missingUnless(installed, /connection|resolve|No matching|Retrying/i, 'pip install');
    }
  }
  return { command: [python, join(folder, 'client.py')] };
}

/** Packages out of reach are a reason to skip; anything else is a failure of ours. */
function missingUnless(ended: SpawnSyncReturns<string>, offline: RegExp, what: string): Toolchain {
  if (ended.error !== undefined || offline.test(ended.stderr)) {
    return { missing: `${what} cannot fetch the library` };
  }
  throw new Error(`${what} failed: ${ended.stderr}`);
}

function run(program: string, args: readonly string[], cwd = ROOT): SpawnSyncReturns<string> {
  return spawnSync(program, args, { cwd, encoding: 'utf8', timeout: BUILD_MS_MAX });
}
