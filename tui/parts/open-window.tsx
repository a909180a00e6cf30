/** Ink, set so that a quiet screen writes nothing and a change writes only what changed. */

import { render } from 'ink';
import { thriftyOutput } from '../host.ts';
import type { Look } from '../look.ts';
import type { StateHolder } from '../state-holder.ts';
import { Window } from './Window.tsx';

const FRAMES_PER_SECOND_MAX = 10;

/** Draws on the alternate screen; resolves once the window was ended. */
export async function openWindow(holder: StateHolder, look: Look): Promise<void> {
  const window = render(<Window holder={holder} look={look} />, {
    alternateScreen: true,
    exitOnCtrlC: false,
    incrementalRendering: true,
    interactive: true,
    maxFps: FRAMES_PER_SECOND_MAX,
    patchConsole: false,
    stdout: thriftyOutput(),
  });
  await window.waitUntilExit();
}
