/** Files that the simulator reads and writes for people: scenarios, reports, records. */

import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Refusal } from '../../core/refusal.ts';

const SCENARIO_BYTES_MAX = 1024 * 1024;
const RECORD_BYTES_MAX = 64 * 1024 * 1024;
const NEWLINE = 10;

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

/**
 * The whole lines of a record; none where there is no such file. A line that was not finished when
 * the program ended is cut off. Refuses `too-large`.
 */
export function readRecord(path: string): readonly Uint8Array[] {
  if (!existsSync(path)) return [];
  const { size } = statSync(path);
  if (size > RECORD_BYTES_MAX) {
    throw new Refusal('too-large', { limit: RECORD_BYTES_MAX, got: size });
  }
  const bytes = readFileSync(path);
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(new Uint8Array(bytes.subarray(start, end)));
    start = end + 1;
  }
  if (start < bytes.length) writeFileSync(path, bytes.subarray(0, start));
  return lines;
}

export function appendRecord(path: string, line: Uint8Array): void {
  appendFileSync(path, Uint8Array.of(...line, NEWLINE));
}
