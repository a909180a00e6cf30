/** The live window: the current state on the current size, and keys handed on. */

import { useApp, useInput, useWindowSize } from 'ink';
import { type ReactNode, useEffect, useSyncExternalStore } from 'react';
import { pressesOf } from '../keys.ts';
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
  const isTyping = (): boolean => {
    const { prompt, form } = holder.current();
    return prompt !== null || form !== null;
  };
  useInput((input, key) => {
    for (const press of pressesOf(input, key, isTyping)) {
      holder.tell({ kind: 'press', press, ...rowsInView(holder.current(), size) });
    }
  });
  useEffect(() => {
    if (state.ended) exit();
  }, [state.ended, exit]);
  return <Screen state={state} size={size} look={look} />;
}
