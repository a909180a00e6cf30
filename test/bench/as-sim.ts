/**
 * Measures in a process like that of `npm run sim`, which collects its young objects by flags of
 * its own: in the process of the benches a world would take longer than it does for its users.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

/** The number that a program of this folder prints, run with the flags of `npm run sim`. */
export function measuredAsSim(program: string): number {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const flags: readonly string[] = scripts.sim.match(/--\S+/g) ?? [];
  const path = join(ROOT, 'dist/test/bench', program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return Number.parseFloat(stdout);
}
