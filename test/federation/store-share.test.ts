/** How much of our store a partner may fill, who signs as much as it likes. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DOCUMENT_BYTES_MAX, FOREIGN_STORE_BYTES_MAX } from '../../core/limits.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { storedBytes } from '../../federation/store-share.ts';
import { Coalition } from '../fakes/coalition.ts';
import { Climber, settled } from './climber.ts';
import { CONTENTS, DOMAIN, forgeBeacon, forgeRoot, NOW } from './forge.ts';

const shares = suite('federation/store-share');

/** A Root of almost a mebibyte, which its domain signed like any other. */
function bulkyRoot(version: number): Uint8Array {
  const padding = 'x'.repeat(DOCUMENT_BYTES_MAX - 64 * 1024);
  return forgeRoot({ version, issuedAt: NOW + version, members: { padding } });
}

shares('of a foreign domain ends at its bound, and what is held stays', () => {
  const world = new Coalition(NOW + 10_000);
  const red = world.add({ name: 'red' });
  world.advance(500);
  const file = [
    encodeBlock('root', forgeRoot()),
    encodeBlock('beacon', forgeBeacon().bytes),
    encodeBlock('manifest', CONTENTS.manifest),
    encodeBlock('bundle', CONTENTS.bundle),
  ];
  red.relate(file.join(''));
  world.advance(500);
  const most = Math.ceil(FOREIGN_STORE_BYTES_MAX / (DOCUMENT_BYTES_MAX - 64 * 1024)) + 1;
  for (let version = 2; version <= most + 1; version++) {
    red.importFile(encodeBlock('root', bulkyRoot(version)));
  }
  assert.ok(red.refused.some(({ code }) => code === 'store-share'));
  const view = red.view(DOMAIN);
  assert.ok(view.rootVersion !== null && view.rootVersion < BigInt(most));
  assert.ok(view.isComplete);
  const stored = [...red.records].filter(([key]) => key.startsWith(`federation/${DOMAIN}/`));
  const filled = stored.reduce((sum, [, value]) => sum + value.length, 0);
  assert.ok(filled < FOREIGN_STORE_BYTES_MAX + 64 * 1024, `${filled} bytes`);
});

shares('count what is positive of a domain, each once', () => {
  const bare = new Climber().take(forgeRoot());
  assert.is(storedBytes(bare.belief), forgeRoot().length);
  const { manifest, bundle, entries } = CONTENTS;
  const whole = [forgeRoot(), forgeBeacon().bytes, manifest, bundle, entries];
  assert.is(
    storedBytes(settled().belief),
    whole.reduce((sum, bytes) => sum + bytes.length, 0),
  );
});

shares.run();
