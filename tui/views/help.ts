/** Help: every key, every command, and how to read a bar. */

import { KEYS } from '../keys.ts';
import { BLANK, type Line, line, span } from '../line.ts';

/** All of help; it fits a screen of 24 rows. */
export function helpLines(): readonly Line[] {
  return [
    line(' Help: every key', 'strong'),
    ...KEYS.map(([keys, does]) => pair(keys, does)),
    BLANK,
    line(' A bar is the age of the last proof, in a part each for FRESH, DEGRADED and', 'plain'),
    line(' SURVIVAL; all full is EXPIRED. 5+ min is at least five: it is told finer when', 'plain'),
    line(' it matters. Nothing is changed before it was shown, and a word was typed.', 'plain'),
    BLANK,
    line(' holdfast explain CODE   what a refusal means, and what mends it', 'dim'),
    line(' holdfast doctor         looks for what is wrong, and names the command', 'dim'),
  ];
}

function pair(keys: string, does: string): Line {
  return [span(` ${keys.padEnd(12)}`, 'strong'), span(does)];
}
