/** Our own vectors are what the script makes, to the byte. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OWN_FOLDER } from './folder.ts';
import { protocolVectors } from './protocol-vectors.ts';

const vectors = suite('vectors/protocol');

vectors('are what the script makes', async () => {
  for (const [name, text] of await protocolVectors()) {
    const held = readFileSync(join(OWN_FOLDER, name), 'utf8');
    assert.ok(held === text, `${name}: run node dist/test/vectors/write-protocol.js`);
  }
});

vectors.run();
