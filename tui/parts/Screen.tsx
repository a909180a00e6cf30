/** The whole screen for one state and one size. */

import type { ReactNode } from 'react';
import type { Size } from '../line.ts';
import type { Look } from '../look.ts';
import type { State } from '../model.ts';
import { asciiLines, screenLines } from '../screen.ts';
import { Lines } from './Lines.tsx';

/** Everything the terminal shows. */
export function Screen({
  state,
  size,
  look,
}: {
  readonly state: State;
  readonly size: Size;
  readonly look: Look;
}): ReactNode {
  const lines = screenLines(state, size);
  const colors = state.night && look.colors !== 'none' ? 'night' : look.colors;
  return <Lines lines={look.ascii ? asciiLines(lines) : lines} look={{ ...look, colors }} />;
}
