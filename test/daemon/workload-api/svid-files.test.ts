/** SVIDs as files on a real disk, and what goes when a partner goes. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../../core/failure.ts';
import { addMs, HOUR_MS } from '../../../core/time.ts';
import { parsePem } from '../../../daemon/identity/pem.ts';
import { issueX509Svid } from '../../../daemon/identity/x509-svid.ts';
import type { FetchedSvid } from '../../../daemon/workload-api/client.ts';
import { saveSvidFiles } from '../../../daemon/workload-api/svid-files.ts';
import { temporaryFolder } from '../../folder.ts';
import { NOW } from '../identity/forge.ts';
import { AWAY, testTrust } from '../identity/trust.ts';

const files = suite('daemon/workload-api/svid-files');

const trust = testTrust(NOW);
const partners = new Map([[AWAY, [trust.awayRoot]]]);

function fetched(): FetchedSvid {
  const { spiffeId } = trust.entry('web');
  const order = { spiffeId, now: NOW, notAfter: addMs(NOW, HOUR_MS) };
  const svid = issueX509Svid(trust.authority, order, trust.random);
  return { ...svid, bundleDer: [trust.authority.certificate.der], hint: '' };
}

files('writes certificate, key and bundles as other programs read them', async () => {
  await using folder = await temporaryFolder();
  await saveSvidFiles(folder.file('svid'), fetched(), partners);
  const text = (name: string) => readFile(folder.file(`svid/${name}`), 'utf8');
  const leaf = new X509Certificate(await text('svid.pem'));
  assert.ok(leaf.checkPrivateKey(createPrivateKey(await text('key.pem'))));
  assert.ok(leaf.verify(new X509Certificate(await text('bundle.pem')).publicKey));
  const [away] = parsePem(await text('federated/away.example.pem'), 'CERTIFICATE');
  assert.equal(away, trust.awayRoot);
});

files('keeps the key for its owner, also where it replaces a wider file', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('key.pem'), 'old', { mode: 0o644 });
  await saveSvidFiles(folder.path, fetched(), partners);
  assert.is((await stat(folder.file('key.pem'))).mode & 0o777, 0o600);
  assert.is((await stat(folder.file('svid.pem'))).mode & 0o777, 0o644);
});

files(
  'takes away the bundle of a partner that is withdrawn, and leaves no other trace',
  async () => {
    await using folder = await temporaryFolder();
    await saveSvidFiles(folder.path, fetched(), partners);
    await saveSvidFiles(folder.path, fetched(), new Map());
    assert.equal(await readdir(folder.file('federated')), []);
    assert.equal((await readdir(folder.path)).sort(), [
      'bundle.pem',
      'federated',
      'key.pem',
      'svid.pem',
    ]);
  },
);

files('fails where the folder cannot be made', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('svid'), 'a file');
  try {
    await saveSvidFiles(folder.file('svid'), fetched(), partners);
    assert.unreachable();
  } catch (error) {
    assert.is(error instanceof Failure && error.code, 'file-unwritable');
  }
});

files.run();
