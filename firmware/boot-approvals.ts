/**
 * Approvals of boots: what lets a node use its keys with no verifier in reach (PROTOCOL §7.4).
 *
 * Keys in a chip obey whatever the approver, a P-256 key of their domain, signed: these PCRs, as
 * long as the chip's counter of approvals has not passed a generation. So a new boot is approved,
 * and an old one withdrawn, by a statement that anybody may carry. The members below stand in a
 * domain's references beside the states that they come from, and in a file beside the keys; their
 * signatures are over what the chip itself computes, so a forged one opens nothing.
 *
 * Example: `{"approver":"…","generation":"1","approvals":[{"bank":"sha256","digest":"02a4…",
 * "generation":"1","pcrs":[0,2,4,7,11],"signature":"…","state":"edge 12"}]}`
 */

import { equalBytes, fromBase64Url, fromHex, toBase64Url, toHex, toUtf8 } from '../core/bytes.ts';
import { isObject, type Json, type JsonObject } from '../core/canonical.ts';
import { verifyEcdsa } from '../core/ciphers.ts';
import { BOOT_APPROVALS_MAX, NAME_CHARS_MAX, STATE_APPROVALS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { refusedAs } from './malformed.ts';
import { approvalMessage, bootApproval, pcrDigest, policyDigest } from './pcr-policy.ts';
import type { ReferenceState } from './references.ts';
import { PCR_COUNT } from './tpm-constants.ts';
import { counterName } from './tpm-nv.ts';
import type { Approval } from './tpm-policy.ts';
import { nameOf } from './tpm-public.ts';
import { encodeEcdsa, type PcrSelection } from './tpm-structures.ts';
import { externalKeyP256, type Template } from './tpm-templates.ts';

/**
 * The counter of approvals, in the range that the TCG leaves to the owner of the machine (Registry
 * of Reserved TPM 2.0 Handles §2.2). One in every chip: what is approved is approved for all.
 */
export const APPROVAL_COUNTER = 0x0180_4847;

/** Separates approvals of boots from whatever else the approver's key might sign. */
const REFERENCE = toUtf8('holdfast/boot/v1');
const DIGEST_BYTES = 32;
const POINT_BYTES = 64;
const SIGNATURE_BYTES = 64;
const GENERATION_MAX = 2n ** 64n - 1n;

/** One boot, by the digest of its PCRs, approved until the counter passes a generation. */
export interface BootApprovalDraft {
  /** Name of the approved state that it comes from. */
  readonly state: string;
  readonly selection: PcrSelection;
  /** `pcrDigest` of the values. */
  readonly digest: Uint8Array;
  readonly generation: bigint;
}

/** The approver's word for it: r ‖ s. */
export interface SignedBootApproval extends BootApprovalDraft {
  readonly signature: Uint8Array;
}

/** All that a domain approves. */
export interface BootApprovals {
  /** The approver's public key: x ‖ y. */
  readonly approver: Uint8Array;
  /** What every chip's counter is raised to: approvals of lower generations are withdrawn. */
  readonly generation: bigint;
  readonly approvals: readonly SignedBootApproval[];
}

/**
 * What has to be signed for a state: each way in which its PCRs may read. Refuses
 * `references-malformed` for a state without PCRs, which would approve every boot, and for one of
 * more than `STATE_APPROVALS_MAX` ways.
 */
export function draftApprovals(
  { name, bank, pcrs }: ReferenceState,
  generation: bigint,
): readonly BootApprovalDraft[] {
  const ascending = [...pcrs].sort(([a], [b]) => a - b);
  const selection = { bank, pcrs: ascending.map(([pcr]) => pcr) };
  let ways: readonly (readonly Uint8Array[])[] = [[]];
  for (const [, values] of ascending) {
    ways = ways.flatMap((way) => [...values].map((value) => [...way, fromHex(value)]));
    if (ways.length > STATE_APPROVALS_MAX || ways.length === 0) break;
  }
  if (ascending.length === 0 || ways.length === 0 || ways.length > STATE_APPROVALS_MAX) {
    const expected = `PCRs with 1 to ${STATE_APPROVALS_MAX} ways to read`;
    throw new Refusal('references-malformed', { state: name, expected });
  }
  return ways.map((way) => ({ state: name, selection, digest: pcrDigest(way), generation }));
}

/** The policy of a key that obeys this approver. */
export function approverPolicy(approver: Uint8Array): Uint8Array {
  const key = nameOf('sha256', approverKey(approver));
  return policyDigest([{ kind: 'authorize', key, reference: REFERENCE }]);
}

/** The approver as a chip takes it, to check signatures by. */
export function approverKey(approver: Uint8Array): Template {
  return externalKeyP256({ x: approver.subarray(0, 32), y: approver.subarray(32) });
}

/** What the approver signs, by ECDSA with SHA-256, to approve a boot. */
export function bootApprovalMessage(draft: BootApprovalDraft): Uint8Array {
  return approvalMessage(approvedPolicy(draft), REFERENCE);
}

/** An approval in the form that a policy session is shown. */
export function approvalOf(approver: Uint8Array, signed: SignedBootApproval): Approval {
  const { signature } = signed;
  return {
    key: approverKey(approver),
    policy: approvedPolicy(signed),
    reference: REFERENCE,
    signature: encodeEcdsa('sha256', signature.subarray(0, 32), signature.subarray(32)),
  };
}

function approvedPolicy({ selection, digest, generation }: BootApprovalDraft): Uint8Array {
  const counter = counterName(APPROVAL_COUNTER);
  return policyDigest(bootApproval({ selection, digest, counter, generation }));
}

/** The approvals that a counter at `counter` has not passed. */
export function approvalsInForce(
  { approvals }: BootApprovals,
  counter: bigint,
): readonly SignedBootApproval[] {
  return approvals.filter(({ generation }) => counter <= generation);
}

/** True for two approvals of the same boot, whoever signed them and for how long. */
export function isSameBoot(one: BootApprovalDraft, other: BootApprovalDraft): boolean {
  const { bank, pcrs } = one.selection;
  const isSelected = bank === other.selection.bank && pcrs.join() === other.selection.pcrs.join();
  return isSelected && equalBytes(one.digest, other.digest);
}

const MEMBERS = ['approvals', 'approver', 'generation'];
const ROW_MEMBERS = ['bank', 'digest', 'generation', 'pcrs', 'signature', 'state'];

/** Whether a references document approves boots for keys; one that does not may lack all of it. */
export function hasBootApprovals(document: JsonObject): boolean {
  return MEMBERS.some((name) => Object.hasOwn(document, name));
}

/**
 * Reads the members of a references document, and verifies every signature. Refuses
 * `approvals-malformed` and `approval-signature`.
 */
export function parseBootApprovals(document: JsonObject): BootApprovals {
  return refusedAs('approvals-malformed', () => {
    const approver = readBytes(document.approver, POINT_BYTES, 'approver');
    const generation = readGeneration(document.generation);
    const rows = document.approvals;
    if (!Array.isArray(rows) || rows.length > BOOT_APPROVALS_MAX) return refuse('approvals');
    const approvals = (rows as readonly Json[]).map(parseApproval);
    for (const approval of approvals) checkSignature(approver, approval);
    return { approver, generation, approvals };
  });
}

/** The members of a references document, beside its states. */
export function encodeBootApprovals(all: BootApprovals): JsonObject {
  return {
    approver: toBase64Url(all.approver),
    generation: String(all.generation),
    approvals: all.approvals.map(({ state, selection, digest, generation, signature }) => ({
      state,
      bank: selection.bank,
      pcrs: selection.pcrs,
      digest: toHex(digest),
      generation: String(generation),
      signature: toBase64Url(signature),
    })),
  };
}

function parseApproval(row: Json): SignedBootApproval {
  if (!isObject(row)) return refuse('approval');
  const names = Object.keys(row).sort();
  if (names.join() !== ROW_MEMBERS.join()) return refuse(names.join(' '));
  const { state, bank, digest } = row;
  if (typeof state !== 'string' || state === '' || state.length > NAME_CHARS_MAX) {
    return refuse('state');
  }
  if (bank !== 'sha256' && bank !== 'sha384' && bank !== 'sha512') return refuse('bank');
  if (typeof digest !== 'string') return refuse('digest');
  const bytes = fromHex(digest);
  if (bytes.length !== DIGEST_BYTES) return refuse('digest');
  return {
    state,
    selection: { bank, pcrs: readPcrs(row.pcrs) },
    digest: bytes,
    generation: readGeneration(row.generation),
    signature: readBytes(row.signature, SIGNATURE_BYTES, 'signature'),
  };
}

function checkSignature(approver: Uint8Array, approval: SignedBootApproval): void {
  const { signature, state } = approval;
  const isSigned = verifyEcdsa({
    curve: 'p256',
    publicPoint: { x: approver.subarray(0, 32), y: approver.subarray(32) },
    hash: 'sha256',
    message: bootApprovalMessage(approval),
    r: signature.subarray(0, 32),
    s: signature.subarray(32),
  });
  if (!isSigned) throw new Refusal('approval-signature', { state });
}

/** PCRs, ascending, each once, at least one: an empty selection would approve every boot. */
function readPcrs(value: Json | undefined): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) return refuse('pcrs');
  let last = -1;
  return (value as readonly Json[]).map((pcr) => {
    const isNext = typeof pcr === 'number' && Number.isInteger(pcr) && pcr > last;
    if (!isNext || pcr >= PCR_COUNT) return refuse('pcrs');
    last = pcr;
    return pcr;
  });
}

function readBytes(value: Json | undefined, count: number, member: string): Uint8Array {
  if (typeof value !== 'string') return refuse(member);
  const bytes = fromBase64Url(value);
  return bytes.length === count ? bytes : refuse(member);
}

function readGeneration(value: Json | undefined): bigint {
  if (typeof value !== 'string' || !/^(?:0|[1-9][0-9]{0,19})$/.test(value)) {
    return refuse('generation');
  }
  const generation = BigInt(value); // decimal digits only, as checked
  return generation > GENERATION_MAX ? refuse('generation') : generation;
}

function refuse(member: string): never {
  throw new Refusal('approvals-malformed', { member });
}
