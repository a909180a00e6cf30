/** The terms of a relation as the lines of a form say them. Pure. */

import { amendedTerms, NOTHING_YET, scopeOf } from '../daemon/control/terms.ts';
import type { AssuranceLevel, RelationTermsView } from '../daemon/control/views.ts';

/** The lines that say terms. */
export const TERM_FIELDS = {
  scope: 'identities',
  machines: 'of machines',
  links: 'links',
  until: 'until',
} as const;

const LEVELS: readonly AssuranceLevel[] = ['software', 'vtpm', 'tpm', 'measured-boot'];

/** Terms as they are, and the lines typed to change them. */
interface Amending {
  readonly terms: RelationTermsView | null;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

/** What would hold with what is typed; an empty line, or one that means nothing yet, keeps. */
export function typedTerms({ terms, fields }: Amending): RelationTermsView {
  const typed = (name: string): string =>
    fields.find((each) => each.name === name)?.value.trim() ?? '';
  const paths = typed(TERM_FIELDS.scope);
  const level = LEVELS.find((known) => known === typed(TERM_FIELDS.machines));
  const links = typed(TERM_FIELDS.links);
  const until = typed(TERM_FIELDS.until);
  return amendedTerms(terms ?? NOTHING_YET, {
    ...(paths === '' ? {} : { scope: scopeOf(paths.split(/ +/)) }),
    ...(level === undefined ? {} : { minAssurance: level }),
    ...(links === 'yes' || links === 'no' ? { peering: links === 'yes' } : {}),
    ...(until === '' ? {} : { notAfter: until === 'never' ? '' : until }),
  });
}

/** Why a line says nothing that could be meant; empty where it does. */
export function termsComplaint(name: string, value: string): string {
  const text = value.trim();
  if (text === '') return '';
  switch (name) {
    case TERM_FIELDS.scope:
      return /^(?:none|\/\S*(?: +\/\S*)*)$/.test(text) ? '' : 'paths such as /web /db, or none';
    case TERM_FIELDS.machines:
      return LEVELS.some((level) => level === text) ? '' : LEVELS.join(', ');
    case TERM_FIELDS.links:
      return text === 'yes' || text === 'no' ? '' : 'yes or no';
    case TERM_FIELDS.until:
      return /^(?:never|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.test(text)
        ? ''
        : 'a time such as 2027-01-31T00:00:00Z, or never';
    default:
      return '';
  }
}
