/**
 * The counters in a chip's NV memory, ours among them.
 *
 * Reading with a wrong password counts as a guess towards lockout, and a password is never known
 * here: so a counter is read only where its attributes exempt it from the count.
 */

import { equalBytes } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import { NV_TYPE_MASK, TPMA_NV } from '../../firmware/tpm-constants.ts';
import { counterName, type NvIndex, readCounter, readNvPublic } from '../../firmware/tpm-nv.ts';
import { isTpmError, TpmError } from '../../firmware/tpm-rc.ts';
import type { TpmRunner } from '../../firmware/tpm-runner.ts';
import { getHandles } from '../../firmware/tpm-state.ts';

/**
 * The counter of our state's generation, in the range that the TCG leaves to the owner of the
 * machine (Registry of Reserved TPM 2.0 Handles §2.2).
 */
export const GENERATION_COUNTER = 0x0180_4846;

/** One counter; its value is null where it cannot be read without a password. */
export interface NvCounter {
  readonly handle: number;
  readonly value: bigint | null;
  readonly isGeneration: boolean;
}

/** Every counter of the chip, by handle. */
export async function readNvCounters(tpm: TpmRunner): Promise<readonly NvCounter[]> {
  const counters: NvCounter[] = [];
  for (const handle of await getHandles(tpm, 'nv')) {
    const index = await readIndex(tpm, handle);
    if (index === null || (index.attributes & NV_TYPE_MASK) !== TPMA_NV.TYPE_COUNTER) continue;
    const value = await readFreely(tpm, index);
    counters.push({ handle, value, isGeneration: isGenerationCounter(index) });
  }
  return counters;
}

/** The counter of the generation; null where none is defined, or something else has its place. */
export async function findGenerationCounter(tpm: TpmRunner): Promise<NvIndex | null> {
  try {
    const index = await readNvPublic(tpm, GENERATION_COUNTER);
    return isGenerationCounter(index) ? index : null;
  } catch (error) {
    if (isTpmError(error, 'HANDLE')) return null;
    throw error;
  }
}

/** By its name, which covers every attribute. */
function isGenerationCounter({ name }: NvIndex): boolean {
  return equalBytes(name, counterName(GENERATION_COUNTER));
}

/** Null for an index whose name is over a hash that we do not compute: it is none of ours. */
async function readIndex(tpm: TpmRunner, handle: number): Promise<NvIndex | null> {
  try {
    return await readNvPublic(tpm, handle);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

async function readFreely(tpm: TpmRunner, index: NvIndex): Promise<bigint | null> {
  const wanted = TPMA_NV.NO_DA | TPMA_NV.AUTH_READ | TPMA_NV.WRITTEN;
  if ((index.attributes & wanted) !== wanted) return null;
  try {
    return await readCounter(tpm, index);
  } catch (error) {
    if (error instanceof TpmError) return null; // it has a password, or a policy
    throw error;
  }
}
