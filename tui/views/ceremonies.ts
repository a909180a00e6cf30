/** Ceremonies: what waits for the word or the signature of a person, and what it would change. */

import type { CeremonyView } from '../../daemon/control/views.ts';
import { type Fact, factLines } from '../facts.ts';
import { countText, minuteText } from '../format.ts';
import type { Tone } from '../line.ts';
import type { Sheet } from '../sheet.ts';

export const CEREMONIES: Sheet<CeremonyView> = {
  view: 'ceremonies',
  columns: [
    { title: 'WHAT', columns: 30, grow: 2, from: 0, text: ({ title }) => title },
    { title: 'WAITS FOR', columns: 24, grow: 1, from: 0, text: waitsFor, tone: (): Tone => 'warn' },
    { title: 'ID', columns: 16, grow: 0, from: 0, text: ({ id }) => id },
    { title: 'BROUGHT BY', columns: 12, grow: 0, from: 100, text: ({ broughtBy }) => broughtBy },
    { title: 'SINCE', columns: 16, grow: 0, from: 120, text: ({ since }) => minuteText(since) },
    { title: 'UNTIL', columns: 16, grow: 0, from: 140, text: ({ until }) => minuteText(until) },
  ],
  rowsOf: ({ ceremonies }) => ceremonies,
  keyOf: ({ id }) => id,
  wordsOf: ({ title, kind, id, changes }) => `${title} ${kind} ${id} ${changes.join(' ')}`,
  detailsOf: (ceremony, columns) => factLines(factsOf(ceremony), columns),
  detailRows: 8,
  restAt: 'a shows all of it',
  empty: ({ tellsCeremonies, told }) =>
    tellsCeremonies
      ? 'nothing waits for anybody'
      : `the daemon, of version ${told?.status.version}, does not tell you what waits; all else works`,
};

/** `2 signatures` more, for all that ask for any; or `a yes or a no`. */
export function waitsFor({ by, signatures }: CeremonyView): string {
  if (by === 'word') return 'a yes or a no';
  const lacking = signatures.map(({ needed, signed }) => needed - signed.length);
  return countText(Math.max(0, ...lacking), 'more signature');
}

function factsOf(ceremony: CeremonyView): readonly Fact[] {
  const { id, title, changes, signatures, broughtBy, since, until } = ceremony;
  const brought = since === '' ? broughtBy : `${broughtBy}, ${minuteText(since)}`;
  return [
    ['what', title, 'strong'],
    ['id', id],
    ['brought by', `${brought}${until === '' ? '' : `; until ${minuteText(until)}`}`],
    ...signatures.map(
      ({ name, needed, signed }): Fact => ['signed', `${signed.length} of ${needed} ${name}`],
    ),
    ...changes.map((change): Fact => ['changes', change]),
  ];
}
