/** Bounded reads, private files and durable replacement on a real disk. */

import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import {
  openPrivateFolder,
  readBounded,
  readPrivate,
  replaceFile,
} from '../../../daemon/host/files.ts';
import { temporaryFolder } from '../../folder.ts';
import { failed, refused } from '../../trouble.ts';

const files = suite('daemon/host/files');

files('reads a file of exactly the limit and refuses one byte more', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('a');
  await writeFile(path, 'x'.repeat(100_000));
  assert.is((await readBounded(path, 100_000)).length, 100_000);
  await refused(() => readBounded(path, 99_999), 'too-large');
});

files('fails with the cause for a file that is not there', async () => {
  await using folder = await temporaryFolder();
  const failure = await failed(() => readBounded(folder.file('none'), 10), 'file-unreadable');
  assert.ok(failure.cause instanceof Error);
});

files('refuses a private file that others may read, and says the chmod', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('key');
  await writeFile(path, 'k', { mode: 0o600 });
  assert.is((await readPrivate(path, 10)).length, 1);
  for (const mode of [0o640, 0o604, 0o620, 0o610]) {
    await chmod(path, mode);
    const refusal = await refused(() => readPrivate(path, 10), 'permissions-wide');
    assert.is(refusal.details.mend, `chmod 600 ${path}`);
  }
});

files('does not follow a symbolic link to a private file', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('key'), 'k', { mode: 0o600 });
  await symlink(folder.file('key'), folder.file('link'));
  await failed(() => readPrivate(folder.file('link'), 10), 'file-unreadable');
});

files('makes a private folder, and refuses one that others may enter', async () => {
  await using folder = await temporaryFolder();
  await openPrivateFolder(folder.file('a/b'));
  assert.is((await stat(folder.file('a/b'))).mode & 0o777, 0o700);
  await mkdir(folder.file('wide'));
  await chmod(folder.file('wide'), 0o750);
  const refusal = await refused(() => openPrivateFolder(folder.file('wide')), 'permissions-wide');
  assert.is(refusal.details.mend, `chmod 700 ${folder.file('wide')}`);
});

files('replaces a file and leaves nothing beside it', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('a');
  await writeFile(`${path}.new`, 'left over by a crash');
  await replaceFile(path, toUtf8('one'), 0o644);
  await replaceFile(path, toUtf8('two'), 0o644);
  assert.is(await readFile(path, 'utf8'), 'two');
  assert.equal(await readdir(folder.path), ['a']);
});

files.run();
