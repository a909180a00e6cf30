/**
 * What a person may do from the window: each act is shown with what it changes, and takes a typed
 * word. Pure: a form (act-forms.ts) is filled here, and the act it comes to is carried out
 * elsewhere (actor.ts).
 */

import type { RelationTermsView } from '../daemon/control/views.ts';
import type { Press } from './keys.ts';
import { termsComplaint, typedTerms } from './typed-terms.ts';

/** An act with everything it needs. */
export type Act =
  | { readonly kind: 'approve'; readonly id: string }
  | { readonly kind: 'refuse'; readonly id: string; readonly reason: string }
  | { readonly kind: 'clear'; readonly id: string }
  /** `id` is the name of a partner. */
  | { readonly kind: 'withdraw'; readonly id: string }
  /** What is honoured of the partner from now on, or asked of it. */
  | {
      readonly kind: 'narrow' | 'propose';
      readonly id: string;
      readonly terms: RelationTermsView;
    }
  | {
      readonly kind: 'sign';
      readonly id: string;
      readonly keyFile: string;
      readonly passphrase: string;
    };

export type ActKind = Act['kind'];

/** One line that a person fills. */
export interface Field {
  readonly name: string;
  readonly hint: string;
  readonly value: string;
  readonly isSecret: boolean;
  /** Whether it is the word that has to be typed. */
  readonly isWord: boolean;
  readonly mayBeEmpty: boolean;
}

/** An act that is being prepared: what it does, and what is still to be filled. */
export interface Form {
  readonly kind: ActKind;
  readonly id: string;
  readonly title: string;
  /** Terms as they are, where the act is to give others; what is typed changes them. */
  readonly terms: RelationTermsView | null;
  /** All that it changes, in paragraphs. */
  readonly says: readonly string[];
  readonly fields: readonly Field[];
  /** The field that is being filled. */
  readonly at: number;
  /** The first line shown; the last one ever shown decides whether all was seen. */
  readonly top: number;
  readonly seen: number;
  readonly complaint: string;
}

/** How many lines the text of the form takes on the screen, and how many are shown at once. */
export interface Room {
  readonly lines: number;
  readonly page: number;
}

/** What follows from a press: the form goes on, is left, or comes to an act. */
export type Filled =
  | { readonly kind: 'form'; readonly form: Form }
  | { readonly kind: 'left' }
  | { readonly kind: 'act'; readonly act: Act };

/** What a press does to an open form. */
export function fill(form: Form, press: Press, room: Room): Filled {
  switch (press.kind) {
    case 'text':
      return typedInto(form, (value) => value + press.text);
    case 'erase':
      return typedInto(form, (value) => [...value].slice(0, -1).join(''));
    case 'move':
      return scrolled(form, press.by * (press.unit === 'page' ? room.page : 1), room);
    case 'end':
      return scrolled(form, press.which === 'first' ? -room.lines : room.lines, room);
    case 'escape':
    case 'interrupt':
      return { kind: 'left' };
    case 'next-view':
      return { kind: 'form', form: { ...form, at: neighbour(form, press.by), complaint: '' } };
    case 'enter':
      return entered(form, room);
  }
}

function typedInto(form: Form, edit: (value: string) => string): Filled {
  const fields = form.fields.map((each, i) =>
    i === form.at ? { ...each, value: edit(each.value) } : each,
  );
  return { kind: 'form', form: { ...form, fields, complaint: '' } };
}

function scrolled(form: Form, by: number, { lines, page }: Room): Filled {
  const top = Math.min(Math.max(0, lines - page), Math.max(0, form.top + by));
  return { kind: 'form', form: { ...form, top, seen: Math.max(form.seen, top), complaint: '' } };
}

/** Enter goes on to the next field; after the last one it acts, if nothing is amiss. */
function entered(form: Form, { lines, page }: Room): Filled {
  const current = form.fields[form.at];
  if (current === undefined) return { kind: 'left' };
  const complaint = complaintOf(form, current, form.seen + page >= lines);
  if (complaint !== '') return { kind: 'form', form: { ...form, complaint } };
  if (form.at + 1 < form.fields.length) {
    return { kind: 'form', form: { ...form, at: form.at + 1, complaint: '' } };
  }
  const lacking = form.fields.findIndex((each) => each.value === '' && !each.mayBeEmpty);
  if (lacking >= 0) return { kind: 'form', form: { ...form, at: lacking, complaint: 'is empty' } };
  return { kind: 'act', act: actOf(form) };
}

function complaintOf(form: Form, current: Field, wasSeen: boolean): string {
  if (current.value === '' && !current.mayBeEmpty) return current.hint;
  const amiss = termsComplaint(current.name, current.value);
  if (amiss !== '') return amiss;
  if (!current.isWord) return '';
  if (current.value !== form.kind) return `not that word: ${current.hint}, or Esc`;
  return wasSeen ? '' : 'read to the end first: PgDn shows more';
}

function actOf(form: Form): Act {
  const { kind, id, fields } = form;
  const value = (name: string): string => fields.find((each) => each.name === name)?.value ?? '';
  switch (kind) {
    case 'approve':
    case 'clear':
    case 'withdraw':
      return { kind, id };
    case 'refuse':
      return { kind, id, reason: value('reason') };
    case 'narrow':
    case 'propose':
      return { kind, id, terms: typedTerms(form) };
    case 'sign':
      return { kind, id, keyFile: value('key file'), passphrase: value('passphrase') };
  }
}

function neighbour({ at, fields }: Form, by: 1 | -1): number {
  return Math.min(fields.length - 1, Math.max(0, at + by));
}
