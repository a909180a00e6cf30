/** Files that the simulator reads and writes for people: scenarios, reports. */

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Refusal } from '../../core/refusal.ts';

const SCENARIO_BYTES_MAX = 1024 * 1024;

/** True when the argument names a file rather than a scenario that comes with the simulator. */
export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** The bytes of a scenario file. Refuses `too-large`. */
export function readScenarioFile(path: string): Uint8Array {
  const { size } = statSync(path);
  if (size > SCENARIO_BYTES_MAX) {
    throw new Refusal('too-large', { limit: SCENARIO_BYTES_MAX, got: size });
  }
  return new Uint8Array(readFileSync(path));
}

export function writeReport(path: string, text: string | Uint8Array): void {
  writeFileSync(path, text);
}
