/**
 * Showing a TPM what a policy demands, and the one way to use an object under a policy.
 *
 * Each function here is one assertion on a live policy session; pcr-policy.ts computes the same
 * digests without a chip. TPM 2.0 Part 3 §23.
 */

import { Writer } from '../core/bytes.ts';
import { hashOf } from '../core/ciphers.ts';
import { TPM_POLICY_ATTEMPTS_MAX } from '../core/limits.ts';
import type { Held } from './held.ts';
import { approvalMessage, generationNotPassed, type NvComparison } from './pcr-policy.ts';
import type { Session } from './session.ts';
import { TPM_EO } from './tpm-constants.ts';
import { loadExternal } from './tpm-keys.ts';
import { isTpmError } from './tpm-rc.ts';
import type { TpmRunner } from './tpm-runner.ts';
import { type SessionInput, startSession } from './tpm-sessions.ts';
import { verifySignature } from './tpm-signing.ts';
import {
  EMPTY,
  type Entity,
  encodePcrSelections,
  type PcrSelection,
  readSized,
  sized,
} from './tpm-structures.ts';
import type { Template } from './tpm-templates.ts';

/** Makes the assertions of a policy on a fresh session. */
export type PolicySteps = (session: Session) => Promise<void>;

/**
 * Uses an object under a policy. PCR_CHANGED is no fault: another PCR was extended between the
 * assertion and the use, so both are made again, `TPM_POLICY_ATTEMPTS_MAX` times at most.
 */
export async function underPolicy<T>(
  held: Held,
  input: Omit<SessionInput, 'kind'>,
  steps: PolicySteps,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await held.within(async () => {
        const session = await startSession(held, { ...input, kind: 'policy' });
        await steps(session);
        return use(session);
      });
    } catch (error) {
      const again = isTpmError(error, 'PCR_CHANGED') && attempt < TPM_POLICY_ATTEMPTS_MAX;
      if (!again) throw error;
    }
  }
}

/** The PCRs have the values they have now. Part 3, TPM2_PolicyPCR. */
export async function policyPcr(
  tpm: TpmRunner,
  session: Session,
  selection: PcrSelection,
): Promise<void> {
  await tpm.run({
    name: 'PolicyPCR',
    handles: [session.entity],
    parameters: new Writer()
      .raw(sized(EMPTY))
      .raw(encodePcrSelections([selection]))
      .finish(),
  });
}

/** What an index is compared with. */
export interface NvCondition {
  readonly index: Entity;
  readonly operand: Uint8Array;
  readonly offset: number;
  readonly comparison: NvComparison;
}

/** The contents of an index compare so. TPM_RC_POLICY if not. Part 3, TPM2_PolicyNV. */
export async function policyNv(
  tpm: TpmRunner,
  session: Session,
  { index, operand, offset, comparison }: NvCondition,
): Promise<void> {
  await tpm.run({
    name: 'PolicyNV',
    handles: [index, index, session.entity],
    sessions: ['password'],
    parameters: new Writer().raw(sized(operand)).u16(offset).u16(TPM_EO[comparison]).finish(),
  });
}

/** A policy that the holder of a key approved. */
export interface Approval {
  /** The public half of the key, as `externalKeyP256` writes it. */
  readonly key: Template;
  readonly policy: Uint8Array;
  readonly reference: Uint8Array;
  /** TPMT_SIGNATURE over `approvalMessage`. */
  readonly signature: Uint8Array;
}

/**
 * The digest so far was approved by a key: verifies the signature in the chip, and shows the
 * ticket. Takes one place for an object, and gives it back. Part 3, TPM2_PolicyAuthorize.
 */
export async function policyAuthorize(
  held: Held,
  session: Session,
  { key, policy, reference, signature }: Approval,
): Promise<void> {
  const digest = hashOf('sha256', approvalMessage(policy, reference));
  const { name, ticket } = await held.within(async () => {
    const loaded = await loadExternal(held, key);
    const proof = await verifySignature(held, loaded, digest, signature);
    return { name: loaded.name, ticket: proof };
  });
  await held.run({
    name: 'PolicyAuthorize',
    handles: [session.entity],
    parameters: new Writer()
      .raw(sized(policy))
      .raw(sized(reference))
      .raw(sized(name))
      .raw(ticket)
      .finish(),
  });
}

/** A boot that an authority approved, as the holder of the approval shows it. */
export interface ApprovedBoot {
  readonly selection: PcrSelection;
  readonly counter: Entity;
  /** The last generation the approval is good for. */
  readonly generation: bigint;
  readonly approval: Approval;
}

/**
 * The assertions of `bootApproval`, and the authority's word for them. TPM_RC_POLICY from
 * PolicyNV: the approval was withdrawn. TPM_RC_VALUE from PolicyAuthorize: this is another boot.
 */
export async function policyApprovedBoot(
  held: Held,
  session: Session,
  { selection, counter, generation, approval }: ApprovedBoot,
): Promise<void> {
  await policyPcr(held, session, selection);
  await policyNv(held, session, { index: counter, ...generationNotPassed(generation) });
  await policyAuthorize(held, session, approval);
}

/** The digest so far is one of these. TPM_RC_VALUE if not. Part 3, TPM2_PolicyOR. */
export async function policyOr(
  tpm: TpmRunner,
  session: Session,
  branches: readonly Uint8Array[],
): Promise<void> {
  const list = new Writer().u32(branches.length);
  for (const branch of branches) list.raw(sized(branch));
  await tpm.run({ name: 'PolicyOR', handles: [session.entity], parameters: list.finish() });
}

/** The caller knows the secret of `entity`, shown here as a password. Part 3, TPM2_PolicySecret. */
export async function policySecret(
  tpm: TpmRunner,
  session: Session,
  entity: Entity,
): Promise<void> {
  await tpm.run({
    name: 'PolicySecret',
    handles: [entity, session.entity],
    sessions: ['password'],
    parameters: new Writer()
      .raw(sized(EMPTY)) // nonceTPM: the secret is good for any session
      .raw(sized(EMPTY)) // cpHashA: and for any command
      .raw(sized(EMPTY)) // policyRef
      .u32(0) // expiration: and no ticket is wanted
      .finish(),
  });
}

/** The use will prove the secret of the object by its HMAC. Part 3, TPM2_PolicyAuthValue. */
export async function policyAuthValue(tpm: TpmRunner, session: Session): Promise<void> {
  await tpm.run({ name: 'PolicyAuthValue', handles: [session.entity] });
  session.demandAuthValue();
}

/** The digest a policy session has reached. Part 3, TPM2_PolicyGetDigest. */
export async function policyGetDigest(tpm: TpmRunner, session: Session): Promise<Uint8Array> {
  const { parameters } = await tpm.run({ name: 'PolicyGetDigest', handles: [session.entity] });
  const digest = readSized(parameters);
  parameters.end();
  return digest;
}
