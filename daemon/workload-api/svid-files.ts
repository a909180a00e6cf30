/**
 * X509-SVIDs as files, for programs that speak no Workload API.
 *
 * `svid.pem` (leaf first), `key.pem` (for the owner alone), `bundle.pem` and one
 * `federated/<domain>.pem` for each partner. Each file is replaced in one step. The key comes
 * before the certificate, so a program that waits for `svid.pem` to change finds its key in place.
 * A partner's file goes when the partner's bundle does: a bundle left behind would be trusted. When
 * the identity is withdrawn, all of them go.
 */

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toUtf8 } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { openFolder, replaceFile } from '../host/files.ts';
import { encodePem } from '../identity/pem.ts';
import type { FetchedIdentities, FetchedSvid } from './client.ts';

const PUBLIC = 0o644;
const PRIVATE = 0o600;
const SUFFIX = '.pem';

/** Writes one SVID and its bundles into `folder`, made if absent. Fails `file-unwritable`. */
export async function saveSvidFiles(
  folder: string,
  svid: FetchedSvid,
  federatedBundles: FetchedIdentities['federatedBundles'],
): Promise<void> {
  const federated = join(folder, 'federated');
  await openFolder(federated);
  const key = encodePem('PRIVATE KEY', svid.privateKeyPkcs8);
  await replaceFile(join(folder, 'key.pem'), toUtf8(key), PRIVATE);
  await saveCertificates(join(folder, 'svid.pem'), svid.certificatesDer);
  await saveCertificates(join(folder, 'bundle.pem'), svid.bundleDer);
  await removeWithdrawn(federated, federatedBundles);
  for (const [domain, ders] of federatedBundles) {
    await saveCertificates(join(federated, `${domain}${SUFFIX}`), ders);
  }
}

/** Takes away what `saveSvidFiles` wrote, the certificate first. Fails `file-unwritable`. */
export async function removeSvidFiles(folder: string): Promise<void> {
  try {
    for (const name of ['svid.pem', 'key.pem', 'bundle.pem']) {
      await rm(join(folder, name), { force: true });
    }
    await openFolder(join(folder, 'federated'));
    await removeWithdrawn(join(folder, 'federated'), new Map());
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('file-unwritable', `${folder} cannot be cleared`, error);
  }
}

async function saveCertificates(path: string, ders: readonly Uint8Array[]): Promise<void> {
  const text = ders.map((der) => encodePem('CERTIFICATE', der)).join('');
  await replaceFile(path, toUtf8(text), PUBLIC);
}

async function removeWithdrawn(
  folder: string,
  present: FetchedIdentities['federatedBundles'],
): Promise<void> {
  const kept = new Set(Array.from(present.keys(), (domain) => `${domain}${SUFFIX}`));
  try {
    for (const name of await readdir(folder)) {
      if (name.endsWith(SUFFIX) && !kept.has(name)) await rm(join(folder, name));
    }
  } catch (error) {
    throw new Failure('file-unwritable', `${folder} cannot be cleared`, error);
  }
}
