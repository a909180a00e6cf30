/** The terms of a relation as the control protocol says them, both ways (PROTOCOL §2.4). */

import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { parseScope, type RelationTerms, WHOLE_TERMS } from '../../federation/relation.ts';
import type { RelationTermsView } from '../control/views.ts';
import { formatSecond, parseRfc3339 } from '../text/rfc3339.ts';

/** Terms as people and programs see them. */
export function termsView(terms: RelationTerms): RelationTermsView {
  const { scope, minAssurance, limits, survivalForeign, peering, serveBundle } = terms;
  const { budgetMib, notAfter } = terms;
  return {
    ...{ scope, minAssurance, limits, survivalForeign, peering, serveBundle, budgetMib },
    notAfter: notAfter === null ? '' : formatSecond(notAfter),
  };
}

/** Terms as somebody asks for them. Refuses `scope-malformed`, and `control-params` for a date. */
export function parseTermsView({ scope, notAfter, ...rest }: RelationTermsView): RelationTerms {
  return { ...rest, scope: parseScope(scope), notAfter: notAfter === '' ? null : dateIn(notAfter) };
}

/** Terms in the audit log: what they grant, in a line. */
export function termsText(terms: RelationTerms): string {
  const { scope, minAssurance, peering, serveBundle, budgetMib } = terms;
  const grants = [...(peering ? ['peering'] : []), ...(serveBundle ? ['bundle'] : [])];
  return [scope.join(' ') || 'no identity', minAssurance, ...grants, `${budgetMib} MiB`].join(', ');
}

/** Of a partner that nothing but its endpoint vouches for: a bundle knows no terms. */
export const ENDPOINT_TERMS: RelationTermsView = termsView({ ...WHOLE_TERMS, peering: false });

function dateIn(text: string): UnixMs {
  const at = parseRfc3339(text);
  if (at !== undefined) return at;
  throw new Refusal('control-params', { member: 'notAfter', expected: '2026-11-21T05:50:58Z' });
}
