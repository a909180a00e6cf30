/**
 * What a node knows of approved boots with no daemon running: a file beside its keys, public text.
 *
 * It holds the members of the domain’s references: approvals, which the chip
 * checks, and states, which only say in words how a refused boot differs. So anybody may bring a
 * newer file; a wrong one opens nothing, and the one before stays.
 */

import { join } from 'node:path';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import { canonicalText, isObject, type JsonObject, parseJson } from '../../core/canonical.ts';
import { sha256 } from '../../core/digest.ts';
import { DOCUMENT_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import {
  type BootApprovals,
  encodeBootApprovals,
  parseBootApprovals,
} from '../../firmware/boot-approvals.ts';
import { encodeState, parseReferences, type ReferenceState } from '../../firmware/references.ts';
import { readBounded, replaceFile } from '../host/files.ts';

/** Approvals, and the states that they come from. */
export interface ApprovedBoots {
  readonly boots: BootApprovals;
  readonly states: readonly ReferenceState[];
}

/** The members of a references document, beside its head. */
export function encodeApprovedBoots({ boots, states }: ApprovedBoots): JsonObject {
  return { ...encodeBootApprovals(boots), states: states.map(encodeState) };
}

/** Refuses `approvals-malformed`, `approval-signature` and `references-malformed`. */
export function parseApprovedBoots(members: JsonObject): ApprovedBoots {
  const states = parseReferences(members.states ?? null);
  return { boots: parseBootApprovals(members), states };
}

/** The text of a file that a person may carry. */
export function approvedBootsText(approved: ApprovedBoots): string {
  return `${canonicalText(encodeApprovedBoots(approved))}\n`;
}

/** Reads such a file. Refuses `too-large`, and as `parseApprovedBoots`. */
export function parseApprovedBootsText(bytes: Uint8Array): ApprovedBoots {
  const json = refusalOf(() => parseJson(bytes, DOCUMENT_BYTES_MAX));
  if (json instanceof Refusal && json.code === 'too-large') throw json;
  if (json instanceof Refusal || !isObject(json)) {
    throw new Refusal('approvals-malformed', { expected: 'a file of holdfast references export' });
  }
  return parseApprovedBoots(json);
}

/** One file for each approver, so that keys move from one to the next without a gap. */
export function approvedBootsPath(keysFolder: string, approver: Uint8Array): string {
  return join(keysFolder, `approved-boots-${toHex(sha256(approver)).slice(0, 16)}.json`);
}

/** Loads what is approved by this approver. Fails `file-unreadable`. */
export async function loadApprovedBoots(
  keysFolder: string,
  approver: Uint8Array,
): Promise<ApprovedBoots> {
  const path = approvedBootsPath(keysFolder, approver);
  return parseApprovedBootsText(await readBounded(path, DOCUMENT_BYTES_MAX));
}

/** Saves it, durably and whole. */
export async function saveApprovedBoots(
  keysFolder: string,
  approved: ApprovedBoots,
): Promise<void> {
  const path = approvedBootsPath(keysFolder, approved.boots.approver);
  await replaceFile(path, toUtf8(approvedBootsText(approved)), 0o600);
}
