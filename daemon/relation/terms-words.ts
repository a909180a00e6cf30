/** The terms of a relation in words, wherever a person decides on them. */

import type { AgeLimitsView, RelationTermsView } from '../control/views.ts';
import { durationText } from '../text/duration.ts';

/** Of a scope that honours no identity. */
export const NOBODY = 'none';

/** What is granted, a line each: as it is, and as it would be. */
export function termsRows(
  from: RelationTermsView | null,
  to: RelationTermsView | null,
): readonly (readonly [string, string, string])[] {
  const [now, then] = [wordsOf(from), wordsOf(to)];
  return GRANTS.map((grant, at) => [grant, now[at] ?? '', then[at] ?? '']);
}

const GRANTS = [
  ...['identities', 'of machines', 'links', 'bundle handed out', 'served down to'],
  ...['limits', 'until'],
];

function wordsOf(terms: RelationTermsView | null): readonly string[] {
  if (terms === null) return GRANTS.map(() => '-');
  const { scope, minAssurance, peering, serveBundle, survivalForeign, limits, notAfter } = terms;
  return [
    scope.length === 0 ? NOBODY : scope.join(' '),
    minAssurance === 'software' ? 'any' : `${minAssurance} or better`,
    peering ? 'yes' : 'no',
    serveBundle ? 'yes' : 'no',
    survivalForeign ? 'SURVIVAL' : 'DEGRADED',
    limits === null ? 'those of the partner' : limitsText(limits),
    notAfter === '' ? 'withdrawn' : notAfter,
  ];
}

function limitsText({ freshForMs, degradedForMs, survivalForMs }: AgeLimitsView): string {
  return [freshForMs, degradedForMs, survivalForMs].map(durationText).join(' / ');
}
