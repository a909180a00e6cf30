/** What a key press means, and the table of keys that help and the foot of the screen show. */

import type { Key } from 'ink';

/** A press in our words; `text` is one character. */
export type Press =
  | { readonly kind: 'move'; readonly by: 1 | -1; readonly unit: 'row' | 'page' }
  | { readonly kind: 'end'; readonly which: 'first' | 'last' }
  | { readonly kind: 'next-view'; readonly by: 1 | -1 }
  | { readonly kind: 'enter' | 'escape' | 'erase' | 'interrupt' }
  | { readonly kind: 'text'; readonly text: string };

/** Every key and what it does, in the order of help. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['1 to 8', 'show a view, as the numbers above say'],
  ['Tab', 'show the next view; with Shift the one before'],
  ['↑ ↓', 'choose a row; j and k do the same'],
  ['PgUp PgDn', 'a page up or down; Home and End, or g and G, to either end'],
  ['/', 'show only rows that hold a text; Esc shows all again'],
  [':', 'type a command: a view, night (dim red, and back), quit'],
  ['p n w', 'in Domains: propose, narrow or withdraw, once you read what it does'],
  ['a x', 'in Ceremonies: read what it changes, then agree to it, or refuse'],
  ['v', 'in Audit: verify the whole log again'],
  ['c', 'in Alarms: read what it means, then clear it'],
  ['?', 'this help; again, and it goes'],
  ['q', 'end the window; the daemon goes on'],
];

const NAVIGATION: Readonly<Record<string, Press>> = {
  j: { kind: 'move', by: 1, unit: 'row' },
  k: { kind: 'move', by: -1, unit: 'row' },
  g: { kind: 'end', which: 'first' },
  G: { kind: 'end', which: 'last' },
};

/**
 * The presses behind what ink read at once: a key, a paste, or an Escape that a slow line delivered
 * together with what was typed after it. `isPrompting` tells whether a line is open by then.
 */
export function* pressesOf(
  input: string,
  key: Key,
  isPrompting: () => boolean,
): Generator<Press, void> {
  const named = namedPress(input, key);
  if (named !== undefined) return yield named;
  if (key.ctrl) return;
  if (key.meta) yield { kind: 'escape' };
  for (const typed of input) {
    if (typed === '\r') yield { kind: 'enter' };
    else if (!/\p{Cc}/u.test(typed)) {
      yield (isPrompting() ? undefined : NAVIGATION[typed]) ?? { kind: 'text', text: typed };
    }
  }
}

function namedPress(input: string, key: Key): Press | undefined {
  if (key.ctrl && input === 'c') return { kind: 'interrupt' };
  if (key.upArrow) return { kind: 'move', by: -1, unit: 'row' };
  if (key.downArrow) return { kind: 'move', by: 1, unit: 'row' };
  if (key.pageUp) return { kind: 'move', by: -1, unit: 'page' };
  if (key.pageDown) return { kind: 'move', by: 1, unit: 'page' };
  if (key.home) return { kind: 'end', which: 'first' };
  if (key.end) return { kind: 'end', which: 'last' };
  if (key.tab) return { kind: 'next-view', by: key.shift ? -1 : 1 };
  if (key.return) return { kind: 'enter' };
  if (key.escape) return { kind: 'escape' };
  if (key.backspace || key.delete) return { kind: 'erase' };
  return undefined;
}
