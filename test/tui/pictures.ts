/**
 * The pictures of the documents: taken while the tests drive the real window, so that they show
 * what is so. They are written where `HOLDFAST_PICTURES` names a folder, and else nobody takes any:
 *
 *     HOLDFAST_PICTURES=docs/pictures node dist/test/run.js tui/
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { svgOf } from './svg.ts';
import type { Terminal } from './tmux.ts';

/** Takes what stands on the screen now, dark and light, under a name. */
export function picture(name: string, terminal: Terminal): void {
  const folder = process.env.HOLDFAST_PICTURES;
  if (folder === undefined) return;
  mkdirSync(resolve(folder), { recursive: true });
  const screen = terminal.screen({ withColors: true });
  for (const theme of ['dark', 'light'] as const) {
    const path = join(resolve(folder), `${name}-${theme}.svg`);
    writeFileSync(path, svgOf(screen, SCREEN_MIN.columns, theme));
  }
}
