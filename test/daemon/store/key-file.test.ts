/** Key files: one spelling, never replaced, never readable by others, never quoted in an error. */

import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8 } from '../../../core/bytes.ts';
import { KEY_FILE_BYTES_MAX } from '../../../core/limits.ts';
import {
  createKeyFile,
  destroyKeyFile,
  hasKeyFile,
  keyFilePath,
  loadKeyFile,
} from '../../../daemon/store/key-file.ts';
import { temporaryFolder } from '../../folder.ts';
import { failed, refused } from '../../trouble.ts';

const keyFile = suite('daemon/store/key-file');
const SECRET = new Uint8Array(64).map((_, i) => i * 3);

keyFile('reads back every length, and leaves nothing beside the key', async () => {
  await using folder = await temporaryFolder();
  for (const length of [1, 31, 32, 33, 47, 48, 49, 64, 138, 2_400]) {
    const key = { folder: folder.path, name: `k${length}` };
    const secret = SECRET.slice(0, length);
    await createKeyFile(key, secret);
    assert.equal(await loadKeyFile(key), secret);
    assert.is((await stat(keyFilePath(key))).mode & 0o777, 0o600);
  }
  assert.ok((await readdir(folder.path)).every((name) => name.endsWith('.key')));
});

keyFile('never replaces a key that stands', async () => {
  await using folder = await temporaryFolder();
  const key = { folder: folder.path, name: 'root' };
  await createKeyFile(key, SECRET);
  await failed(() => createKeyFile(key, new Uint8Array(64)), 'file-unwritable');
  assert.equal(await loadKeyFile(key), SECRET);
});

keyFile('creates a key over the leftover of a crash', async () => {
  await using folder = await temporaryFolder();
  const key = { folder: folder.path, name: 'root' };
  await writeFile(`${keyFilePath(key)}.new`, 'torn');
  assert.not(await hasKeyFile(key));
  await createKeyFile(key, SECRET);
  assert.equal(await loadKeyFile(key), SECRET);
});

keyFile('refuses wide permissions of the file and of its folder, with the chmod', async () => {
  await using folder = await temporaryFolder();
  const key = { folder: folder.path, name: 'root' };
  await createKeyFile(key, SECRET);
  await chmod(keyFilePath(key), 0o640);
  const file = await refused(() => loadKeyFile(key), 'permissions-wide');
  assert.is(file.details.mend, `chmod 600 ${keyFilePath(key)}`);
  await chmod(keyFilePath(key), 0o600);
  await chmod(folder.path, 0o711);
  const around = await refused(() => loadKeyFile(key), 'permissions-wide');
  assert.is(around.details.mend, `chmod 700 ${folder.path}`);
});

keyFile('refuses a file with any one character changed, and quotes none of it', async () => {
  await using folder = await temporaryFolder();
  const key = { folder: folder.path, name: 'root' };
  await createKeyFile(key, SECRET);
  const good = await readFile(keyFilePath(key));
  for (let at = 0; at < good.length; at++) {
    const bad = Uint8Array.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    await writeFile(keyFilePath(key), bad);
    const refusal = await refused(() => loadKeyFile(key), 'key-malformed');
    assert.equal(Object.keys(refusal.details), ['path']);
  }
});

keyFile('refuses another spelling of the same key', async () => {
  await using folder = await temporaryFolder();
  const key = { folder: folder.path, name: 'root' };
  await createKeyFile(key, SECRET);
  const good = fromUtf8(await readFile(keyFilePath(key)));
  const spellings = [
    good.replaceAll('\n', '\r\n'),
    `${good}\n`,
    ` ${good}`,
    good.slice(0, -1),
    good.replace('name: root', 'name:  root'),
    good.replace('=\nchecksum', '\nchecksum'),
    good.replace(/\n([A-Za-z0-9+/]{60})/, '\n$1\n'),
    `${good}${good}`,
    '',
  ];
  for (const spelling of spellings) {
    assert.is.not(spelling, good);
    await writeFile(keyFilePath(key), spelling);
    await refused(() => loadKeyFile(key), 'key-malformed');
  }
});

keyFile('refuses the file of another key under this name', async () => {
  await using folder = await temporaryFolder();
  await createKeyFile({ folder: folder.path, name: 'beacon-1' }, SECRET);
  const moved = { folder: folder.path, name: 'root' };
  const bytes = await readFile(keyFilePath({ folder: folder.path, name: 'beacon-1' }));
  await writeFile(keyFilePath(moved), bytes, { mode: 0o600 });
  await refused(() => loadKeyFile(moved), 'key-malformed');
});

keyFile('refuses a file above the limit before it reads it', async () => {
  await using folder = await temporaryFolder();
  const key = { folder: folder.path, name: 'root' };
  await writeFile(keyFilePath(key), new Uint8Array(KEY_FILE_BYTES_MAX + 1), { mode: 0o600 });
  await refused(() => loadKeyFile(key), 'too-large');
});

keyFile('destroys a key, twice without complaint', async () => {
  await using folder = await temporaryFolder();
  const key = { folder: folder.path, name: 'tick-7' };
  await createKeyFile(key, SECRET);
  await destroyKeyFile(key);
  assert.not(await hasKeyFile(key));
  await destroyKeyFile(key);
  await failed(() => loadKeyFile(key), 'file-unreadable');
});

keyFile.run();
