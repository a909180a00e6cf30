/**
 * The forms by which people decide on a relation: what is honoured of a partner is narrowed or
 * withdrawn, what it should honour of us is proposed. What the lines say is told as it is typed.
 */

import { termsRows } from '../daemon/control/terms.ts';
import type { DomainStatus, RelationTermsView } from '../daemon/control/views.ts';
import type { Field, Form } from './act.ts';
import { field, formOf, listed, word } from './form-parts.ts';
import { TERM_FIELDS, typedTerms } from './typed-terms.ts';

/** The form by which a partner is honoured no more. */
export function withdrawForm({ domain, tier }: DomainStatus): Form {
  return formOf('withdraw', domain, {
    title: `Withdraw what is honoured of ${domain}`,
    says: [
      `What is held of ${domain} is ${tier}. With the next beacon, and here at once:`,
      ...listed([
        'no identity of it is honoured, and its bundle is handed to nobody',
        'its nodes may not link to ours, and the links there are end',
        'what it asks of us is dropped',
      ]),
      'What it honours of us stays its own decision: call them. To relate again takes its bundle ' +
        'file and a comparison by voice: holdfast relation accept. To take away less: n.',
    ],
    fields: [word('withdraw')],
  });
}

/** The form by which less is honoured of a partner. */
export function narrowForm({ domain, terms }: DomainStatus): Form | undefined {
  if (terms === null) return undefined;
  return restated(
    formOf('narrow', domain, {
      title: `Narrow what is honoured of ${domain}`,
      terms,
      says: [],
      fields: [...termFields(terms), word('narrow')],
    }),
  );
}

/** The form by which a partner is asked to honour something of us. */
export function proposeForm({ domain, relation }: DomainStatus): Form | undefined {
  if (relation !== 'partner') return undefined;
  return restated(
    formOf('propose', domain, {
      title: `Propose what ${domain} should honour of us`,
      says: [],
      fields: [...termFields(null), word('propose')],
    }),
  );
}

/** The form with what it says of the terms that are typed by now; any other form as it is. */
export function restated(form: Form): Form {
  if (form.kind === 'narrow') return { ...form, says: narrowSays(form) };
  return form.kind === 'propose' ? { ...form, says: proposeSays(form) } : form;
}

function narrowSays(form: Form): readonly string[] {
  const rows = termsRows(form.terms, typedTerms(form));
  const less = rows.filter(([, now, then]) => now !== then);
  const kept = rows.filter(([, now, then]) => now === then);
  return [
    'What changes, with the next beacon, and here at once, in every tier:',
    ...(less.length === 0
      ? ['- nothing yet: say below what is left']
      : listed(less.map(([grant, now, then]) => `${grant}: ${then} instead of ${now}`))),
    ...(kept.length === 0 ? [] : [`What stays: ${sentenceOf(kept)}.`]),
    'What would grant more is refused: that is for holdfast relation accept.',
  ];
}

function proposeSays(form: Form): readonly string[] {
  const rows = termsRows(null, typedTerms(form));
  return [
    `It asks ${form.id}, over a link, to honour of us:`,
    ...listed(rows.map(([grant, , words]) => `${grant}: ${words}`)),
    'Nothing changes until a person there says yes, and nothing here even then: what is ' +
      'honoured of them is ours to decide. It takes the place of what was asked before. Without a ' +
      'link: holdfast relation propose writes a file.',
  ];
}

/** `links yes, until withdrawn`. */
function sentenceOf(rows: readonly (readonly [grant: string, now: string, then: string])[]) {
  return rows.map(([grant, now]) => `${grant} ${now}`).join(', ');
}

/** A line for each grant; an empty one keeps what there is. */
function termFields(terms: RelationTermsView | null): readonly Field[] {
  const isNew = terms === null;
  const keep = isNew ? 'empty is' : 'empty keeps';
  const now = (value: string, usual: string): string => `${keep} ${isNew ? usual : value}`;
  const scope = terms?.scope.join(' ') || 'none';
  return [
    field(
      TERM_FIELDS.scope,
      isNew ? 'paths such as /web /db; / is all of us' : `paths such as /web; ${now(scope, '')}`,
      { mayBeEmpty: !isNew },
    ),
    field(
      TERM_FIELDS.machines,
      `software, vtpm, tpm or measured-boot; ${now(terms?.minAssurance ?? '', 'software')}`,
      { mayBeEmpty: true },
    ),
    field(TERM_FIELDS.links, `yes or no; ${now(terms?.peering ? 'yes' : 'no', 'no')}`, {
      mayBeEmpty: true,
    }),
    field(
      TERM_FIELDS.until,
      `such as 2027-01-31T00:00:00Z; ${now(terms?.notAfter || 'never', 'never')}`,
      { mayBeEmpty: true },
    ),
  ];
}
