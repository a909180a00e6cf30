/**
 * The counter by which approvals of boots are withdrawn in this chip (PROTOCOL §7.4).
 *
 * It only rises, for anybody: whoever has the machine can so lock its keys away, which he could do
 * with a hammer, and can unlock nothing. Deleting and defining it again goes on where it was.
 */

import { equalBytes } from '../../core/bytes.ts';
import { APPROVAL_STEPS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { APPROVAL_COUNTER } from '../../firmware/boot-approvals.ts';
import { hierarchyEntity } from '../../firmware/tpm-keys.ts';
import {
  counterName,
  defineCounter,
  incrementCounter,
  type NvIndex,
  readCounter,
  readNvPublic,
} from '../../firmware/tpm-nv.ts';
import { isTpmError } from '../../firmware/tpm-rc.ts';
import type { TpmRunner } from '../../firmware/tpm-runner.ts';

/** The counter as it stands. */
export interface ApprovalCounter {
  readonly index: NvIndex;
  readonly value: bigint;
}

/**
 * Reads the counter. Refuses `chip-replaced` where there is none, or another index in its place:
 * what was sealed under it cannot be opened by this chip.
 */
export async function readApprovalCounter(tpm: TpmRunner): Promise<ApprovalCounter> {
  const counter = await findApprovalCounter(tpm);
  if (counter === undefined) throw new Refusal('chip-replaced', { lacks: 'approval counter' });
  return counter;
}

/** Reads the counter, defining it where there is none. Fails `tpm-nv-full`. */
export async function openApprovalCounter(tpm: TpmRunner): Promise<ApprovalCounter> {
  const found = await findApprovalCounter(tpm);
  if (found !== undefined) return found;
  const index = await defineCounter(tpm, hierarchyEntity('owner'), APPROVAL_COUNTER);
  return { index, value: await readCounter(tpm, index) };
}

/**
 * Steps the counter until it has reached `generation`; steps taken before a cut are not lost.
 * Refuses `approval-distant` before the first step.
 */
export async function raiseApprovalCounter(tpm: TpmRunner, generation: bigint): Promise<void> {
  const { index, value } = await readApprovalCounter(tpm);
  if (generation - value > APPROVAL_STEPS_MAX) {
    throw new Refusal('approval-distant', { generation, counter: value });
  }
  for (let at = value; at < generation; at++) await incrementCounter(tpm, index);
}

async function findApprovalCounter(tpm: TpmRunner): Promise<ApprovalCounter | undefined> {
  try {
    const index = await readNvPublic(tpm, APPROVAL_COUNTER);
    if (!equalBytes(index.name, counterName(APPROVAL_COUNTER))) return undefined;
    return { index, value: await readCounter(tpm, index) };
  } catch (error) {
    if (isTpmError(error, 'HANDLE')) return undefined;
    throw error;
  }
}
