/**
 * Whether the audit log is what it was written as: the daemon reads all of it once, and from there
 * on the window follows it itself, entry by entry. Pure.
 *
 * The daemon vouches for the past and nobody for the daemon: who doubts that runs
 * `holdfast audit verify` on a copy, and compares the head with one kept elsewhere.
 */

import { encodeCanonical } from '../core/canonical.ts';
import { digestOf } from '../core/digest.ts';
import type { AuditEntryView, AuditHeadView } from '../daemon/control/views.ts';
import { countText } from './format.ts';

export type AuditProof =
  /** Nobody asked, or what was known is not enough any more. */
  | { readonly kind: 'open' }
  | { readonly kind: 'asked' }
  | { readonly kind: 'proven'; readonly head: AuditHeadView }
  | { readonly kind: 'broken'; readonly why: string }
  /** The daemon would not say. */
  | { readonly kind: 'withheld'; readonly why: string };

/** The hash that the entry after this one carries: of its line, as the daemon writes it. */
export function hashOfEntry(entry: AuditEntryView): string {
  return digestOf(encodeCanonical({ ...entry }));
}

/** What is proven once `entry`, of this hash, has come too. */
export function proofAfter(
  proof: AuditProof,
  { seq, previous }: Pick<AuditEntryView, 'seq' | 'previous'>,
  hash: string,
): AuditProof {
  if (proof.kind !== 'proven' || seq <= proof.head.seq) return proof;
  if (seq > proof.head.seq + 1) return { kind: 'open' };
  if (previous === proof.head.hash) return { kind: 'proven', head: { seq, hash } };
  return { kind: 'broken', why: `entry ${seq} does not follow the one before it` };
}

/** In a sentence. */
export function proofText(proof: AuditProof): string {
  switch (proof.kind) {
    case 'open':
    case 'asked':
      return 'being verified …';
    case 'proven':
      return `verified: ${countText(proof.head.seq, 'entry', 'entries')}, hash by hash`;
    case 'broken':
      return `BROKEN: ${proof.why}; keep the file as evidence`;
    case 'withheld':
      return `not verified: ${proof.why}`;
  }
}
