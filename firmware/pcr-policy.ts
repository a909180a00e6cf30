/**
 * The digests that policies come to, computed without a TPM.
 *
 * A policy digest is a fold: each assertion hashes itself onto the digest before it. An authority
 * so approves a boot state that no machine has reached yet, and a device proves nothing by
 * repeating the sum: only its TPM, shown the same assertions (tpm-policy.ts), grants the use.
 * TPM 2.0 Part 1 §19.7 and Part 3 §23. All digests here are over SHA-256 unless `hash` says else.
 */

import { assert } from '../core/assert.ts';
import { concat, Writer } from '../core/bytes.ts';
import { HASH_BYTES, type HashName, hashOf } from '../core/ciphers.ts';
import { type CommandName, TPM_CC, TPM_EO } from './tpm-constants.ts';
import { encodePcrSelections, type PcrSelection } from './tpm-structures.ts';

/** How PolicyNV compares the contents of the index, left, with the operand, right. */
export type NvComparison = keyof typeof TPM_EO;

/** One assertion of a policy. */
export type PolicyAssertion =
  /** The PCRs have these values; `digest` is `pcrDigest`. Part 3, TPM2_PolicyPCR. */
  | { readonly kind: 'pcr'; readonly selection: PcrSelection; readonly digest: Uint8Array }
  /** An index holds, from `offset`, a value that compares so. Part 3, TPM2_PolicyNV. */
  | {
      readonly kind: 'nv';
      /** The name of the index, with WRITTEN set. */
      readonly index: Uint8Array;
      readonly operand: Uint8Array;
      readonly offset: number;
      readonly comparison: NvComparison;
    }
  /** Whatever the holder of a key approved. Part 3, TPM2_PolicyAuthorize. */
  | { readonly kind: 'authorize'; readonly key: Uint8Array; readonly reference: Uint8Array }
  /** Any one of 2 to 8 policies. Part 3, TPM2_PolicyOR. */
  | { readonly kind: 'or'; readonly branches: readonly Uint8Array[] }
  /** The secret of another entity, by its name. Part 3, TPM2_PolicySecret. */
  | { readonly kind: 'secret'; readonly entity: Uint8Array; readonly reference: Uint8Array }
  /** The secret of the object itself. Part 3, TPM2_PolicyAuthValue. */
  | { readonly kind: 'auth-value' };

/** Branches one PolicyOR takes. Part 2 §10.9.4, TPML_DIGEST. */
export const POLICY_BRANCHES_MIN = 2;
export const POLICY_BRANCHES_MAX = 8;

/** The digest of assertions made in this order, from an empty session. */
export function policyDigest(
  assertions: readonly PolicyAssertion[],
  hash: HashName = 'sha256',
): Uint8Array {
  const start: Uint8Array = new Uint8Array(HASH_BYTES[hash]);
  return assertions.reduce((digest, assertion) => extend(hash, digest, assertion), start);
}

/** The digest of PCR values in ascending order, as PolicyPCR and a quote state it. */
export function pcrDigest(values: readonly Uint8Array[], hash: HashName = 'sha256'): Uint8Array {
  return hashOf(hash, ...values);
}

/**
 * What the holder of an authorizing key signs, by ECDSA with SHA-256, to approve a policy.
 * `reference` separates the uses of the key. Part 3, TPM2_PolicyAuthorize.
 */
export function approvalMessage(approved: Uint8Array, reference: Uint8Array): Uint8Array {
  return concat(approved, reference);
}

/** What an approved boot state is made of. */
export interface BootApproval {
  readonly selection: PcrSelection;
  /** `pcrDigest` of the PCR values expected. */
  readonly digest: Uint8Array;
  /** The name of the NV counter of generations, written once at least. */
  readonly counter: Uint8Array;
  /** The last generation this approval is good for. */
  readonly generation: bigint;
}

/**
 * PolicyPCR ∧ PolicyNV(counter ≤ generation): this boot, until the counter is raised beyond the
 * generation of the approval. A key guarded by PolicyAuthorize obeys whatever the authority
 * signed of this kind, and raising the counter withdraws all that it signed before.
 */
export function bootApproval(approval: BootApproval): readonly PolicyAssertion[] {
  const { selection, digest, counter, generation } = approval;
  return [
    { kind: 'pcr', selection, digest },
    { kind: 'nv', index: counter, ...generationNotPassed(generation) },
  ];
}

/** How the counter is compared: it has not passed `generation`. */
export function generationNotPassed(generation: bigint): {
  readonly operand: Uint8Array;
  readonly offset: number;
  readonly comparison: NvComparison;
} {
  const operand = new Writer().u64(generation).finish();
  return { operand, offset: 0, comparison: 'UNSIGNED_LE' };
}

function extend(hash: HashName, digest: Uint8Array, assertion: PolicyAssertion): Uint8Array {
  const fold = (from: Uint8Array, command: CommandName, ...parts: readonly Uint8Array[]) =>
    hashOf(hash, from, new Writer().u32(TPM_CC[command]).finish(), ...parts);
  const reset = new Uint8Array(HASH_BYTES[hash]);
  switch (assertion.kind) {
    case 'pcr':
      return fold(
        digest,
        'PolicyPCR',
        encodePcrSelections([assertion.selection]),
        assertion.digest,
      );
    case 'nv':
      return fold(digest, 'PolicyNV', nvArguments(hash, assertion), assertion.index);
    case 'authorize':
      // It replaces what came before: the approval stands for it.
      return hashOf(hash, fold(reset, 'PolicyAuthorize', assertion.key), assertion.reference);
    case 'or': {
      const count = assertion.branches.length;
      const ok = count >= POLICY_BRANCHES_MIN && count <= POLICY_BRANCHES_MAX;
      assert(ok, `a PolicyOR has 2 to 8 branches, not ${count}`);
      return fold(reset, 'PolicyOR', ...assertion.branches);
    }
    case 'secret':
      return hashOf(hash, fold(digest, 'PolicySecret', assertion.entity), assertion.reference);
    case 'auth-value':
      return fold(digest, 'PolicyAuthValue');
  }
}

function nvArguments(
  hash: HashName,
  { operand, offset, comparison }: Extract<PolicyAssertion, { kind: 'nv' }>,
): Uint8Array {
  const tail = new Writer().u16(offset).u16(TPM_EO[comparison]).finish();
  return hashOf(hash, concat(operand, tail));
}
