/** What a proposal is and what it would change, in words, wherever a person is asked to sign it. */

import type { Proposal } from '../../federation/proposal.ts';
import { readRevocations } from '../../federation/revocations.ts';
import { readRoot } from '../../federation/root.ts';
import { formatRfc3339 } from '../rfc3339.ts';
import { revocationWords, rootWords } from './root-words.ts';

/** `Root 3` or `revocations`. */
export function proposalTitle({ envelope, held }: Proposal): string {
  return envelope.type === 'root' ? `Root ${held.version + 1n}` : 'revocations';
}

/** A line for each thing that would be otherwise. Refuses as the reader of its type does. */
export function proposalChanges({ envelope, held }: Proposal): readonly string[] {
  return envelope.type === 'root'
    ? rootWords(held, readRoot(envelope))
    : revocationWords(readRevocations(envelope));
}

/** When it was drafted; empty for revocations, whose entries are dated each. */
export function proposalDate({ envelope }: Proposal): string {
  return envelope.type === 'root' ? formatRfc3339(readRoot(envelope).issuedAt) : '';
}
