/** What commands say of the documents of a file that was carried here. */

import type { ImportOutcome } from '../control/views.ts';
import { tableText } from './print.ts';

/** True for a document that is here now, whether this file brought it or not. */
export function isTaken({ outcome }: ImportOutcome): boolean {
  return outcome === 'admitted' || outcome === 'held already';
}

/** One line for each document. */
export function outcomesText(documents: readonly ImportOutcome[]): string {
  return tableText(
    ['DOCUMENT', 'OUTCOME'],
    documents.map(({ type, outcome }) => [type, outcome]),
  );
}
