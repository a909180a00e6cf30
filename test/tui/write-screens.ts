/** Writes test/tui/screens anew: `node dist/test/tui/write-screens.js`, then look at the change. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawnScreens, SCREENS } from './screens.ts';

mkdirSync(SCREENS, { recursive: true });
for (const { name, text } of drawnScreens()) writeFileSync(join(SCREENS, `${name}.txt`), text);
