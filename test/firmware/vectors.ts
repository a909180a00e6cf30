/** TPM vectors that lie beside the project: logs with known PCRs, and one chip's evidence. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../core/bytes.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../../core/canonical.ts';
import { ROOT } from '../root.ts';

const FOLDER = join(process.env.HOLDFAST_VECTORS ?? join(ROOT, '../shared/vectors'), 'tpm');

/** Why the tests on these vectors do not run here; null where they do. */
export const VECTORS_ABSENT = existsSync(FOLDER)
  ? null
  : 'the TPM vectors are not here: set HOLDFAST_VECTORS to their folder';

/** One file of the vectors. */
export function vector(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, path)));
}

/** One JSON file of the vectors. */
export function vectorJson(path: string): JsonObject {
  return objectOf(parseJson(vector(path)));
}

export function objectOf(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw new Error('not an object in the vectors');
  return value;
}

export function textOf(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error('not a string in the vectors');
  return value;
}

export function hexOf(value: Json | undefined): Uint8Array {
  return fromHex(textOf(value));
}

/** `{"0": "hex", …}` as values by PCR. */
export function pcrsOf(value: Json | undefined): ReadonlyMap<number, Uint8Array> {
  const entries = Object.entries(objectOf(value));
  return new Map(entries.map(([pcr, hex]) => [Number.parseInt(pcr, 10), hexOf(hex)]));
}

/** Every log with known values: its file, its bank and the PCRs. */
export interface KnownLog {
  readonly file: string;
  readonly bank: 'sha1' | 'sha256' | 'sha384';
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
}

/** Each listed bank of each log of `expected.json` and of the two boots in QEMU. */
export function knownLogs(): readonly KnownLog[] {
  const listed = Object.entries(vectorJson('expected.json'));
  const boots = ['qemu-ovmf-uki', 'qemu-ovmf-uki-secureboot'].map((folder): [string, Json] => [
    `${folder}/binary_bios_measurements`,
    vectorJson(`${folder}/expected-pcrs.json`),
  ]);
  return [...listed, ...boots].flatMap(([file, banks]) =>
    Object.entries(objectOf(banks)).map(([bank, pcrs]) => ({
      file,
      bank: bank as KnownLog['bank'],
      pcrs: pcrsOf(pcrs),
    })),
  );
}
