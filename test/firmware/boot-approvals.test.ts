/** Approvals of boots as a document carries them: read, verified, and refused member by member. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { drawApprover, openApprover } from '../../daemon/custody/approver.ts';
import {
  type BootApprovals,
  draftApprovals,
  encodeBootApprovals,
  isSameBoot,
  parseBootApprovals,
} from '../../firmware/boot-approvals.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import { refuses } from '../refused.ts';

const approvals = suite('firmware/boot-approvals');

const digestOf = (byte: number): string => toHex(new Uint8Array(32).fill(byte));

const STATE: ReferenceState = {
  name: 'edge 12',
  bank: 'sha256',
  pcrs: new Map([
    [11, new Set([digestOf(1), digestOf(2)])],
    [4, new Set([digestOf(3)])],
  ]),
  events: [],
  secureBoot: 'any',
  firmwareVersionMin: 0n,
};

function approve(state: ReferenceState, generation = 3n): BootApprovals {
  const approver = openApprover(drawApprover());
  const drafts = draftApprovals(state, generation);
  const signed = drafts.map((draft) => approver.approve(draft));
  return { approver: approver.point, generation, approvals: signed };
}

approvals('are one for each way in which the PCRs of a state may read', () => {
  const [first, second, ...more] = draftApprovals(STATE, 3n);
  assert.ok(first !== undefined && second !== undefined && more.length === 0);
  assert.equal(first.selection, { bank: 'sha256', pcrs: [4, 11] });
  assert.not(isSameBoot(first, second));
  assert.ok(isSameBoot(first, { ...first, generation: 9n, state: 'another name' }));
});

approvals('cannot be drafted for a state without PCRs, nor for one of too many ways', () => {
  const none = { ...STATE, pcrs: new Map() };
  refuses('references-malformed', () => draftApprovals(none, 1n));
  const empty = { ...STATE, pcrs: new Map([[4, new Set<string>()]]) };
  refuses('references-malformed', () => draftApprovals(empty, 1n));
  const digests = (count: number) => new Set(Array.from({ length: count }, (_, i) => digestOf(i)));
  assert.is(draftApprovals({ ...STATE, pcrs: new Map([[4, digests(16)]]) }, 1n).length, 16);
  const many = { ...STATE, pcrs: new Map([[4, digests(17)]]) };
  refuses('references-malformed', () => draftApprovals(many, 1n));
});

approvals('read back as they were written', () => {
  const all = approve(STATE);
  assert.equal(parseBootApprovals(encodeBootApprovals(all)), all);
});

approvals('are refused if a member of one was changed after it was signed', () => {
  const all = approve(STATE);
  const [first, ...rest] = all.approvals;
  assert.ok(first);
  for (const change of [
    { generation: 4n },
    { digest: new Uint8Array(32) },
    { selection: { bank: 'sha256', pcrs: [4] } },
    { selection: { bank: 'sha384', pcrs: [4, 11] } },
    { signature: new Uint8Array(64) },
  ] as const) {
    const forged = { ...all, approvals: [{ ...first, ...change }, ...rest] };
    refuses('approval-signature', () => parseBootApprovals(encodeBootApprovals(forged)));
  }
  const stranger = { ...all, approver: approve(STATE).approver };
  refuses('approval-signature', () => parseBootApprovals(encodeBootApprovals(stranger)));
});

approvals('are refused in every other form', () => {
  const whole = encodeBootApprovals(approve(STATE));
  const [row] = whole.approvals as readonly JsonObject[];
  const rows = [
    { ...row, state: '' },
    { ...row, bank: 'sha1' },
    { ...row, pcrs: [] },
    { ...row, pcrs: [11, 4] },
    { ...row, pcrs: [24] },
    { ...row, digest: 'abcd' },
    { ...row, generation: '01' },
    { ...row, generation: String(2n ** 64n) },
    { ...row, signature: 'AAAA' },
    { ...row, more: 1 },
    'row',
  ];
  const documents: readonly JsonObject[] = [
    ...rows.map((each): JsonObject => ({ ...whole, approvals: [each as JsonObject] })),
    { ...whole, approver: 'AAAA' },
    { ...whole, approver: 1 },
    { ...whole, generation: 1 },
    { approver: whole.approver ?? '', generation: '1' },
  ];
  for (const document of documents) {
    refuses('approvals-malformed', () => parseBootApprovals(document), JSON.stringify(document));
  }
});

approvals.run();
