/** The live window: the current state on the current size, and keys handed on. */

import { useApp, useInput, useWindowSize } from 'ink';
import { type ReactNode, useEffect, useSyncExternalStore } from 'react';
import { type Press, pressOf } from '../keys.ts';
import type { Look } from '../look.ts';
import { rowsInView } from '../screen.ts';
import type { StateHolder } from '../state-holder.ts';
import { Screen } from './Screen.tsx';

/** Draws whatever `holder` holds, until that has ended. */
export function Window({
  holder,
  look,
}: {
  readonly holder: StateHolder;
  readonly look: Look;
}): ReactNode {
  const state = useSyncExternalStore(holder.listen, holder.current);
  const size = useWindowSize();
  const { exit } = useApp();
  const press = (pressed: Press): void => {
    const now = holder.current();
    holder.tell({ kind: 'press', press: pressed, ...rowsInView(now, size) });
  };
  useInput((input, key) => {
    // A paste, or keys typed faster than they are read, come as one text.
    for (const typed of input === '' ? [''] : input) {
      const pressed = pressOf(typed, key, holder.current().prompt !== null);
      if (pressed !== undefined) press(pressed);
    }
  });
  useEffect(() => {
    if (state.ended) exit();
  }, [state.ended, exit]);
  return <Screen state={state} size={size} look={look} />;
}
