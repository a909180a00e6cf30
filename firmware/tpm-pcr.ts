/**
 * Reading and extending PCRs. TPM 2.0 Part 3 §22.
 *
 * What is read here is a claim of whoever sits on the bus: only a quote makes it evidence.
 */

import { assert } from '../core/assert.ts';
import { type Reader, Writer } from '../core/bytes.ts';
import { HASH_BYTES, type HashName } from '../core/ciphers.ts';
import { TPM_PCR_READS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { HASH_ALG } from './tpm-constants.ts';
import type { TpmRunner } from './tpm-runner.ts';
import {
  encodePcrSelections,
  entityOf,
  type PcrSelection,
  readCount,
  readPcrSelections,
  readSized,
} from './tpm-structures.ts';

/** Values of one bank by PCR index. */
export type PcrValues = ReadonlyMap<number, Uint8Array>;

/** Values one PCR_Read returns at most. Part 2 §10.9.4, TPML_DIGEST. */
const VALUES_MAX = 8;

/**
 * Reads PCRs as they were at one moment: a TPM returns eight a call and counts every change, so
 * a count that moved between two calls means that the values do not belong together, and all are
 * read again. The debug and application PCRs (16, 21 to 23) are not counted by a TPM of a PC.
 * Refuses `tpm-pcrs-busy` after `TPM_PCR_READS_MAX` attempts, and `tpm-bank-absent`.
 * Part 3, TPM2_PCR_Read.
 */
export async function readPcrs(tpm: TpmRunner, selection: PcrSelection): Promise<PcrValues> {
  for (let attempt = 0; attempt < TPM_PCR_READS_MAX; attempt++) {
    const values = await readAtOnce(tpm, selection);
    if (values !== undefined) return values;
  }
  throw new Refusal('tpm-pcrs-busy', { attempts: TPM_PCR_READS_MAX });
}

/** Undefined if a PCR changed while they were read. */
async function readAtOnce(
  tpm: TpmRunner,
  { bank, pcrs }: PcrSelection,
): Promise<PcrValues | undefined> {
  const values = new Map<number, Uint8Array>();
  let counter: number | undefined;
  for (let left = [...pcrs]; left.length > 0; left = left.filter((pcr) => !values.has(pcr))) {
    const { parameters } = await tpm.run({
      name: 'PCR_Read',
      parameters: encodePcrSelections([{ bank, pcrs: left }]),
    });
    const updates = parameters.u32();
    counter ??= updates;
    if (updates !== counter) return undefined;
    const read = readValues(parameters, { bank, pcrs: left });
    if (read.size === 0) throw new Refusal('tpm-bank-absent', { bank });
    for (const [pcr, value] of read) values.set(pcr, value);
  }
  return values;
}

/** Refuses `tpm-malformed` for values that were not asked for, or do not match their selection. */
function readValues(reader: Reader, asked: PcrSelection): Map<number, Uint8Array> {
  const selections = readPcrSelections(reader);
  const count = readCount(reader, VALUES_MAX);
  const got = selections.flatMap(({ alg, pcrs }) => pcrs.map((pcr) => ({ alg, pcr })));
  if (got.length !== count)
    throw new Refusal('tpm-malformed', { expected: got.length, got: count });
  const values = new Map<number, Uint8Array>();
  for (const { alg, pcr } of got) {
    const value = readSized(reader, HASH_BYTES[asked.bank]);
    if (alg !== HASH_ALG[asked.bank] || !asked.pcrs.includes(pcr)) {
      throw new Refusal('tpm-malformed', { field: 'pcr', got: pcr });
    }
    values.set(pcr, value);
  }
  reader.end();
  return values;
}

/** What one bank of a PCR is extended with. Part 2 §10.3.2, TPMT_HA. */
export interface PcrDigest {
  readonly bank: HashName;
  readonly digest: Uint8Array;
}

/** Extends one PCR in the banks given. Part 3, TPM2_PCR_Extend. */
export async function extendPcr(
  tpm: TpmRunner,
  pcr: number,
  digests: readonly PcrDigest[],
): Promise<void> {
  const list = new Writer().u32(digests.length);
  for (const { bank, digest } of digests) {
    assert(digest.length === HASH_BYTES[bank], `a ${bank} digest has its length`);
    list.u16(HASH_ALG[bank]).raw(digest);
  }
  await tpm.run({
    name: 'PCR_Extend',
    handles: [entityOf(pcr)],
    sessions: ['password'],
    parameters: list.finish(),
  });
}
