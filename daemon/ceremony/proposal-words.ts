/** What a proposal is and what it would change, in words, wherever a person is asked to sign it. */

import { readOverride } from '../../federation/override.ts';
import type { Proposal } from '../../federation/proposal.ts';
import { readRevocations } from '../../federation/revocations.ts';
import { readRoot } from '../../federation/root.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { overrideWords, revocationWords, rootWords } from './root-words.ts';

/** `Root 3`, `an override of renew` or `revocations`. */
export function proposalTitle({ envelope, held }: Proposal): string {
  if (envelope.type === 'root') return `Root ${held.version + 1n}`;
  if (envelope.type !== 'override') return 'revocations';
  return `an override of ${readOverride(envelope).action}`;
}

/** When it is over, signed or not; empty for what stays. */
export function proposalEnd({ envelope }: Proposal): string {
  return envelope.type === 'override' ? formatRfc3339(readOverride(envelope).notAfter) : '';
}

/** A line for each thing that would be otherwise. Refuses as the reader of its type does. */
export function proposalChanges({ envelope, held }: Proposal): readonly string[] {
  if (envelope.type === 'root') return rootWords(held, readRoot(envelope));
  return envelope.type === 'override'
    ? overrideWords(readOverride(envelope))
    : revocationWords(readRevocations(envelope));
}

/** When a Root was drafted; empty for what bears its dates among its words. */
export function proposalDate({ envelope }: Proposal): string {
  return envelope.type === 'root' ? formatRfc3339(readRoot(envelope).issuedAt) : '';
}
