/**
 * What has been done to a machine of a fleet: to its wall clock, and to its network card. It lies
 * in a file beside the daemon's state: a wrong clock outlives a reboot.
 */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Habit } from '../../sim/adversary.ts';

export interface Tampering {
  /** The wall clock is so far off the true one; positive is fast. */
  readonly skewMs: number;
  /** Where it stands still; null while it runs. */
  readonly frozenAt: number | null;
  /** What an adversary there does, and the measure of it. */
  readonly habits: readonly (readonly [Habit, number])[];
}

/** Nothing was done. */
export const UNTOUCHED: Tampering = { skewMs: 0, frozenAt: null, habits: [] };

/** What has been done to the machine of that folder. */
export function tamperingIn(folder: string): Tampering {
  const path = fileIn(folder);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Tampering) : UNTOUCHED;
}

/** Does more to it; what is not named stays as it is. */
export function tamper(folder: string, more: Partial<Tampering>): void {
  const path = fileIn(folder);
  writeFileSync(`${path}.new`, JSON.stringify({ ...tamperingIn(folder), ...more }));
  renameSync(`${path}.new`, path); // its reader sees the one or the other
}

/** What its wall clock reads when the true one reads `wallMs`. */
export function wallOf({ skewMs, frozenAt }: Tampering, wallMs: number): number {
  return frozenAt ?? wallMs + skewMs;
}

function fileIn(folder: string): string {
  return join(folder, 'tampering.json');
}
