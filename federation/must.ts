/**
 * The `must` rule: a document may list members a reader has to understand (PROTOCOL §1.1).
 *
 * Unknown members are otherwise ignored, which is safe for a permission nobody grants and wrong
 * for a restriction nobody applies. A restriction is therefore named in `must`, and an old reader
 * keeps the last document instead of a weaker reading of the new one.
 */

import { Refusal } from '../core/refusal.ts';
import type { Members } from './members.ts';

const MUST_MAX = 32;

/** Refuses `document-must` when the document demands a member outside `known`. */
export function checkMust(members: Members, known: ReadonlySet<string>): void {
  if (!members.has('must')) return;
  for (const name of members.list('must', MUST_MAX)) {
    if (typeof name !== 'string') members.refuse('must');
    if (!known.has(name)) throw new Refusal('document-must', { member: name.slice(0, 64) });
  }
}
