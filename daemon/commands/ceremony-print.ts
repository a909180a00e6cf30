/** What waits for people, as commands print it. */

import type { CeremonyView } from '../control/views.ts';
import { factsText, tableText } from './print.ts';

const ID_CHARS = 16;

/** All that waits, a line each. */
export function ceremoniesText(ceremonies: readonly CeremonyView[]): string {
  if (ceremonies.length === 0) return 'nothing waits for anybody\n';
  return tableText(
    ['ID', 'KIND', 'WHAT', 'SIGNATURES', 'BY', 'SINCE', 'UNTIL'],
    ceremonies.map((each) => [
      each.id.slice(0, ID_CHARS),
      each.kind,
      each.title,
      each.signatures.map(({ signed, needed }) => `${signed.length} of ${needed}`).join(', ') ||
        'a yes',
      each.broughtBy,
      each.since || '-',
      each.until || '-',
    ]),
  );
}

/** One in full: what it is, who signed, and what it changes. */
export function ceremonyText(ceremony: CeremonyView): string {
  const { id, title, words, broughtBy, since, until, changes } = ceremony;
  const head = factsText([
    ['what', title],
    ['id', id],
    ...(words === '' ? [] : [['words', words] as const]),
    ['brought by', since === '' ? broughtBy : `${broughtBy}, ${since}`],
    ...(until === '' ? [] : [['until', until] as const]),
    ...signatureFacts(ceremony),
  ]);
  const lines = changes.map((line) => factsText([['', line]])).join('');
  return `${head}what it changes:\n${lines}`;
}

/** How many signed of those who have to. */
export function signatureFacts({
  signatures,
}: CeremonyView): readonly (readonly [string, string])[] {
  return signatures.map(({ name, needed, signed }) => [
    'signed',
    `${signed.length} of ${needed} ${name}`,
  ]);
}
