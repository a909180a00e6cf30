/**
 * The screens that lie in test/tui/screens, drawn anew: each view of a window that has heard all
 * there is, at the least size and at a large one. `node dist/test/tui/write-screens.js` writes them
 * where the change was meant; a reader of the change then sees it as a person would.
 */

import { join } from 'node:path';
import type { State } from '../../tui/model.ts';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { VIEWS } from '../../tui/view-names.ts';
import { ALARM, STATUS } from '../fakes/fake-daemon.ts';
import { ROOT } from '../root.ts';
import { livingState, pressing, screenText, WIDE } from './states.ts';

/** The folder of the files. */
export const SCREENS = join(ROOT, 'test/tui/screens');

/** Each screen under the name of its file, without the ending. */
export function drawnScreens(): readonly { readonly name: string; readonly text: string }[] {
  const state = livingState();
  const views: readonly (readonly [name: string, state: State])[] = [
    ...VIEWS.map((view) => [view, { ...state, view }] as const),
    ['sign', pressing(state, [':', 'c', 'enter', 'a'])],
    ['refuse', pressing(state, [':', 'c', 'enter', 'x'])],
    ['withdraw', pressing(state, ['2', 'down', 'w'])],
    ['narrow', pressing(state, ['2', 'down', 'n', '/', 'w', 'e', 'b', 'enter'])],
    ['propose', pressing(state, ['2', 'down', 'p'])],
    ['clear', pressing(livingState({ ...STATUS, alarms: [ALARM] }), ['8', 'c'])],
    ['alarmed', pressing(livingState({ ...STATUS, alarms: [ALARM] }), ['8'])],
  ];
  return views.flatMap(([name, shown]) =>
    [SCREEN_MIN, WIDE].map((size) => ({
      name: `${name}-${size.columns}x${size.rows}`,
      text: `${screenText(shown, size)}\n`,
    })),
  );
}
