/** What became of the documents of a carried file, as the control protocol says it. */

import { Refusal } from '../../core/refusal.ts';
import type { ImportOutcome } from '../../federation/effect.ts';
import type { ImportOutcome as OutcomeView } from '../control/views.ts';

/** Refusals of documents that are here already. */
const HELD: ReadonlySet<string> = new Set(['document-held', 'tick-not-newer']);

/** The outcomes in file order. */
export function outcomeViews(imported: readonly ImportOutcome[]): readonly OutcomeView[] {
  return imported.map(({ type, outcome }) => ({ type, outcome: outcomeText(outcome) }));
}

function outcomeText(outcome: 'admitted' | Refusal): OutcomeView['outcome'] {
  if (!(outcome instanceof Refusal)) return outcome;
  return HELD.has(outcome.code) ? 'held already' : outcome.code;
}
