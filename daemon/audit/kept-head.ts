/**
 * The head of the audit log as the store keeps it, so that a log cut short is noticed: a shorter
 * chain is a whole chain too, and only somebody who remembers its length can tell.
 */

import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import { Members } from '../../federation/members.ts';
import type { Store } from '../ports.ts';
import { RECORDS } from '../store/key-space.ts';
import { type AuditHead, EMPTY_HEAD } from './audit-entry.ts';

/** The head that was kept last; the empty one before any. */
export function loadAuditHead(records: ReadonlyMap<string, Uint8Array>): AuditHead {
  const record = records.get(RECORDS.auditHead);
  if (record === undefined) return EMPTY_HEAD;
  const members = new Members(parseCanonical(record), 'audit-head');
  const seq = members.integer('seq', 0, Number.MAX_SAFE_INTEGER);
  return { seq, hash: members.digest('hash') };
}

/** Keeps a head. Only what is durable in the log may be kept. */
export async function saveAuditHead(store: Store, head: AuditHead): Promise<void> {
  const value = encodeCanonical({ seq: head.seq, hash: head.hash });
  await store.write([{ key: RECORDS.auditHead, value }]);
}
