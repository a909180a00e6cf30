/**
 * From tones to what a terminal can do: sixteen colours, none, or dim red at night.
 *
 * Only the sixteen colours that every terminal has, by their names, so that the terminal's own
 * scheme decides what they look like. Without colours bold and inverse remain; the words say
 * everything anyway.
 */

import type { Tone } from './line.ts';

/** How the terminal is to be used. */
export interface Look {
  readonly colors: 'sixteen' | 'none' | 'night';
  /** No character beyond ASCII is written. */
  readonly ascii: boolean;
}

/** What ink's `Text` takes. */
export interface Paint {
  readonly color?: string;
  readonly bold?: boolean;
  readonly dimColor?: boolean;
  readonly inverse?: boolean;
}

const SIXTEEN: Readonly<Record<Tone, Paint>> = {
  plain: {},
  strong: { bold: true },
  dim: { dimColor: true },
  good: { color: 'green' },
  warn: { color: 'yellow', bold: true },
  bad: { color: 'red', bold: true },
  chosen: { inverse: true },
};

const NONE: Readonly<Record<Tone, Paint>> = {
  plain: {},
  strong: { bold: true },
  dim: {},
  good: {},
  warn: { bold: true },
  bad: { bold: true },
  chosen: { inverse: true },
};

/** Red alone keeps the eye adapted to the dark; brightness tells tones apart. */
const NIGHT: Readonly<Record<Tone, Paint>> = {
  plain: { color: 'red', dimColor: true },
  strong: { color: 'red' },
  dim: { color: 'red', dimColor: true },
  good: { color: 'red', dimColor: true },
  warn: { color: 'red' },
  bad: { color: 'red', bold: true },
  chosen: { color: 'red', dimColor: true, inverse: true },
};

const PAINTS = { sixteen: SIXTEEN, none: NONE, night: NIGHT } as const;

/** How a text of this tone is painted. */
export function paintOf(tone: Tone, look: Look): Paint {
  return PAINTS[look.colors][tone];
}
