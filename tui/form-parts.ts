/** What forms are made of. */

import type { ActKind, Field, Form } from './act.ts';

/** A form as it is opened. */
export function formOf(
  kind: ActKind,
  id: string,
  said: Pick<Form, 'title' | 'says' | 'fields'> & Partial<Pick<Form, 'terms'>>,
): Form {
  return { kind, id, terms: null, ...said, at: 0, top: 0, seen: 0, complaint: '' };
}

/** Items of a list. */
export function listed(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['- nothing'] : lines.map((line) => `- ${line}`);
}

/** A line to be filled. */
export function field(
  name: string,
  hint: string,
  { isSecret = false, mayBeEmpty = false }: Partial<Pick<Field, 'isSecret' | 'mayBeEmpty'>>,
): Field {
  return { name, hint, value: '', isSecret, mayBeEmpty, isWord: false };
}

/** The line for the word that does it. */
export function word(kind: ActKind): Field {
  return { ...field('word', `type ${kind} to do it`, {}), isWord: true };
}
