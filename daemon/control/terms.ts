/**
 * The terms of a relation where a person decides on them, at a terminal or in the window: in words,
 * and as what was said changes them.
 */

import { DOMAIN_BUDGET_MIB } from '../../core/limits.ts';
import { durationText } from '../text/duration.ts';
import type { AgeLimitsView, RelationTermsView } from './views.ts';

/** Of a scope that honours no identity. */
export const NOBODY = 'none';

/** What a relation to nobody yet would grant, but for what is said: nothing of itself. */
export const NOTHING_YET: RelationTermsView = {
  scope: [],
  minAssurance: 'software',
  limits: null,
  survivalForeign: false,
  peering: false,
  serveBundle: true,
  budgetMib: DOMAIN_BUDGET_MIB,
  notAfter: '',
};

/**
 * `base` with what was said of it. A bundle is handed out to workloads that read no scope in it, so
 * it goes with less than the whole domain, unless it is said itself.
 */
export function amendedTerms(
  base: RelationTermsView,
  said: Partial<RelationTermsView>,
): RelationTermsView {
  const terms = { ...base, ...said };
  const isWhole = terms.scope.includes('/') && terms.minAssurance === 'software';
  return { ...terms, serveBundle: said.serveBundle ?? (base.serveBundle && isWhole) };
}

/** Paths as they were typed; the word for nobody is no path. */
export function scopeOf(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => path !== NOBODY);
}

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
  ...['limits', 'budget', 'until'],
];

function wordsOf(terms: RelationTermsView | null): readonly string[] {
  if (terms === null) return GRANTS.map(() => '-');
  const { scope, minAssurance, peering, serveBundle, survivalForeign } = terms;
  const { limits, budgetMib, notAfter } = terms;
  return [
    scope.length === 0 ? NOBODY : scope.join(' '),
    minAssurance === 'software' ? 'any' : `${minAssurance} or better`,
    peering ? 'yes' : 'no',
    serveBundle ? 'yes' : 'no',
    survivalForeign ? 'SURVIVAL' : 'DEGRADED',
    limits === null ? 'those of the partner' : limitsText(limits),
    `${budgetMib} MiB`,
    notAfter === '' ? 'withdrawn' : notAfter,
  ];
}

function limitsText({ freshForMs, degradedForMs, survivalForMs }: AgeLimitsView): string {
  return [freshForMs, degradedForMs, survivalForMs].map(durationText).join(' / ');
}
