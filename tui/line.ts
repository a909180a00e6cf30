/**
 * What a view is made of: lines, each a row of spans, each a text in one tone.
 *
 * A tone says what a text is, not what colour it has; look.ts decides that, and may decide on none.
 * So no tone carries anything that the words do not say too. Lines are as wide as the screen and no
 * wider: whoever makes one has fitted its texts (format.ts).
 */

/** What a text is. */
export type Tone = 'plain' | 'strong' | 'dim' | 'good' | 'warn' | 'bad' | 'chosen';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

/** The cells that a view may fill. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export const BLANK: Line = [];

/** One text in one tone. */
export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

/** A line of one text. */
export function line(text: string, tone: Tone = 'plain'): Line {
  return [span(text, tone)];
}

/** The words of a line, without its tones. */
export function textOf(spans: Line): string {
  return spans.map(({ text }) => text).join('');
}
