/** Writes docs/JSON.md anew: `node dist/test/docs/write-json.js`, then look at the change. */

import { writeFileSync } from 'node:fs';
import { JSON_PAGE, pageOf, printedShapes } from './json-shapes.ts';

writeFileSync(JSON_PAGE, pageOf(await printedShapes()));
