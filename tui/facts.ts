/** Named facts, one a line, the values aligned; a long value goes on beneath itself. */

import { fit, wrap } from './format.ts';
import { type Line, span, type Tone } from './line.ts';

export type Fact = readonly [name: string, value: string, tone?: Tone];

const NAME_COLUMNS = 12;

/** Facts as lines of at most `columns`. A fact without a value is left out. */
export function factLines(facts: readonly Fact[], columns: number): readonly Line[] {
  return facts
    .filter(([, value]) => value !== '')
    .flatMap(([name, value, tone = 'plain']) =>
      wrap(value, columns - NAME_COLUMNS - 1).map((text, i) => [
        span(` ${fit(i === 0 ? name : '', NAME_COLUMNS)}`, 'dim'),
        span(text, tone),
      ]),
    );
}
