/**
 * Using a key of the chip under an approved boot: which approval fits the boot in progress, and a
 * session that shows it.
 */

import { equalBytes } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  approvalOf,
  approvalsInForce,
  type BootApprovals,
  type SignedBootApproval,
} from '../../firmware/boot-approvals.ts';
import type { Held } from '../../firmware/held.ts';
import { pcrDigest } from '../../firmware/pcr-policy.ts';
import type { Session } from '../../firmware/session.ts';
import type { LoadedKey } from '../../firmware/tpm-keys.ts';
import { type PcrValues, readPcrs } from '../../firmware/tpm-pcr.ts';
import { type PolicySteps, policyApprovedBoot, underPolicy } from '../../firmware/tpm-policy.ts';
import type { TpmRunner } from '../../firmware/tpm-runner.ts';
import { readApprovalCounter } from './approval-counter.ts';

/**
 * The approval that fits the boot in progress. Refuses `boot-unapproved`; whether the boot is
 * another or the approval was withdrawn is told by `reason`.
 */
export async function findBootApproval(
  tpm: TpmRunner,
  boots: BootApprovals,
): Promise<SignedBootApproval> {
  const { value } = await readApprovalCounter(tpm);
  const fitting = await approvalsOfBoot(tpm, boots);
  const [found] = approvalsInForce({ ...boots, approvals: fitting }, value);
  if (found !== undefined) return found;
  const [withdrawn] = fitting;
  if (withdrawn === undefined) throw new Refusal('boot-unapproved', { reason: 'another boot' });
  const { state, generation } = withdrawn;
  throw new Refusal('boot-unapproved', { reason: 'withdrawn', state, generation, counter: value });
}

/** Whether the boot in progress is among these, withdrawn or not. */
export async function isBootAmong(tpm: TpmRunner, boots: BootApprovals): Promise<boolean> {
  return (await approvalsOfBoot(tpm, boots)).length > 0;
}

/** Those that describe the PCRs as they are; each selection is read once. */
async function approvalsOfBoot(
  tpm: TpmRunner,
  { approvals }: BootApprovals,
): Promise<readonly SignedBootApproval[]> {
  const digests = new Map<string, Uint8Array>();
  const fitting: SignedBootApproval[] = [];
  for (const approval of approvals) {
    const { selection, digest } = approval;
    const key = `${selection.bank} ${selection.pcrs.join(' ')}`;
    const current = digests.get(key) ?? pcrDigest(ascending(await readPcrs(tpm, selection)));
    digests.set(key, current);
    if (equalBytes(current, digest)) fitting.push(approval);
  }
  return fitting;
}

/** The values by PCR: a chip may hand them out in another order. */
function ascending(values: PcrValues): readonly Uint8Array[] {
  return [...values].sort(([a], [b]) => a - b).map(([, value]) => value);
}

/**
 * Uses a loaded object under an approved boot. Takes two places for sessions and one for an object
 * beside what is loaded. Refuses as `findBootApproval`.
 */
export async function underApprovedBoot<T>(
  held: Held,
  salt: LoadedKey,
  boots: BootApprovals,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return underPolicy(held, { salt }, await approvedBootSteps(held, boots), use);
}

/** The steps that satisfy the policy of an object under these approvals, now. */
export async function approvedBootSteps(held: Held, boots: BootApprovals): Promise<PolicySteps> {
  const signed = await findBootApproval(held, boots);
  const { index } = await readApprovalCounter(held);
  const { selection, generation } = signed;
  const approval = approvalOf(boots.approver, signed);
  return (session) =>
    policyApprovedBoot(held, session, { selection, counter: index, generation, approval });
}
