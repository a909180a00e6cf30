/** Custody in files, and the issuing key of a machine without a chip. */

import { createPublicKey, verify } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { fileCustody } from '../../../daemon/custody/file-custody.ts';
import { openSoftwareIssuingKey } from '../../../daemon/custody/software-issuing-key.ts';
import { drawKey } from '../../../daemon/identity/private-key.ts';
import { temporaryFolder } from '../../folder.ts';
import { failed, refused } from '../../trouble.ts';

const custody = suite('daemon/custody/file-custody');

custody('keeps a secret, gives it back, and destroys it', async () => {
  await using folder = await temporaryFolder();
  const files = fileCustody(folder.file('keys'));
  assert.not(await files.has('node'));
  await files.create('node', toUtf8('secret'));
  assert.ok(await files.has('node'));
  assert.equal(await files.load('node'), toUtf8('secret'));
  await files.destroy('node');
  assert.not(await files.has('node'));
});

custody('never replaces a secret that it keeps', async () => {
  await using folder = await temporaryFolder();
  const files = fileCustody(folder.file('keys'));
  await files.create('node', toUtf8('first'));
  await failed(() => files.create('node', toUtf8('second')), 'file-unwritable');
  assert.equal(await files.load('node'), toUtf8('first'));
});

custody('holds one issuing key a name, which signs what others verify', async () => {
  await using folder = await temporaryFolder();
  const files = fileCustody(folder.file('keys'));
  const first = await openSoftwareIssuingKey(files, 'issuing');
  const again = await openSoftwareIssuingKey(files, 'issuing');
  assert.equal(first.spki, again.spki);
  const message = toUtf8('a certificate to be');
  const key = createPublicKey({ key: Buffer.from(first.spki), format: 'der', type: 'spki' });
  assert.ok(verify('sha256', message, key, await again.sign(message)));
});

custody('refuses a key of another kind in the place of an issuing key', async () => {
  await using folder = await temporaryFolder();
  const files = fileCustody(folder.file('keys'));
  await files.create('issuing', drawKey('ml-dsa-65').privateKeyPkcs8);
  await refused(() => openSoftwareIssuingKey(files, 'issuing'), 'key-malformed');
});

custody.run();
