/** Writes our own vectors into protocol/: `node dist/test/vectors/write-protocol.js`. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_FOLDER } from './folder.ts';
import { protocolVectors } from './protocol-vectors.ts';

mkdirSync(OWN_FOLDER, { recursive: true });
for (const [name, text] of await protocolVectors()) writeFileSync(join(OWN_FOLDER, name), text);
