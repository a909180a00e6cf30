/** What the issuing path makes, read by another library and by OpenSSL. */

import 'reflect-metadata';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import * as x509 from '@peculiar/x509';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toHex, toUtf8 } from '../../../core/bytes.ts';
import { digestOf } from '../../../core/digest.ts';
import { AUTHORITY_LIFE_MS, SVID_BACKDATE_MS } from '../../../core/limits.ts';
import { Refusal } from '../../../core/refusal.ts';
import { parseSpiffeId, parseTrustDomain } from '../../../core/spiffe-id.ts';
import { addMs, HOUR_MS } from '../../../core/time.ts';
import { decodeCertificate, EXTENSION } from '../../../daemon/identity/certificate.ts';
import { encodePem } from '../../../daemon/identity/pem.ts';
import { createX509Authority, openX509Authority } from '../../../daemon/identity/x509-authority.ts';
import { issueX509Svid } from '../../../daemon/identity/x509-svid.ts';
import { verifyX509Svid } from '../../../daemon/identity/x509-verify.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { temporaryFolder } from '../../folder.ts';
import { skip } from '../../skip.ts';
import { NOW } from './forge.ts';

const svids = suite('daemon/identity/x509-svid');

const HOME = parseTrustDomain('home.example');
const WEB = parseSpiffeId('spiffe://home.example/web');
const random = new SeededRandom('x509-svid');
const stored = createX509Authority(HOME, NOW, random);
const authority = openX509Authority(HOME, stored);
const issue = () =>
  issueX509Svid(authority, { spiffeId: WEB, now: NOW, notAfter: addMs(NOW, HOUR_MS) }, random);

svids('issues a leaf whose every field another library reads as meant', () => {
  const svid = issue();
  const [der = new Uint8Array()] = svid.certificatesDer;
  const leaf = new x509.X509Certificate(new Uint8Array(der));
  const root = new x509.X509Certificate(new Uint8Array(stored.certificateDer));
  assert.is(leaf.subject, '');
  assert.is(leaf.issuer, root.subject);
  assert.is(leaf.serialNumber, svid.serial);
  assert.is(leaf.serialNumber.length, 32);
  assert.is(leaf.notBefore.getTime(), NOW - SVID_BACKDATE_MS);
  assert.is(leaf.notAfter.getTime(), svid.notAfter);
  const names = leaf.getExtension(x509.SubjectAlternativeNameExtension);
  assert.is(names?.critical, true);
  assert.equal(names?.names.toJSON(), [{ type: 'url', value: WEB }]);
  const constraints = leaf.getExtension(x509.BasicConstraintsExtension);
  assert.equal([constraints?.critical, constraints?.ca], [true, false]);
  const usages = leaf.getExtension(x509.KeyUsagesExtension);
  assert.equal([usages?.critical, usages?.usages], [true, x509.KeyUsageFlags.digitalSignature]);
  const purposes = leaf.getExtension(x509.ExtendedKeyUsageExtension);
  assert.equal(Array.from(purposes?.usages ?? []), ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  const keyId = root.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  assert.is(leaf.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId, keyId);
  assert.is(leaf.extensions.length, 6);
});

svids('names the override that allowed a leaf, and no other leaf has the extension', () => {
  const override = digestOf(toUtf8('two people said so'));
  const order = { spiffeId: WEB, now: NOW, notAfter: addMs(NOW, HOUR_MS), override };
  const [der = new Uint8Array()] = issueX509Svid(authority, order, random).certificatesDer;
  assert.is(decodeCertificate(der).override, override);
  const extension = new x509.X509Certificate(new Uint8Array(der)).getExtension(EXTENSION.override);
  assert.is(extension?.critical, false);
  const printable = concat(Uint8Array.of(0x13, override.length), toUtf8(override));
  assert.is(toHex(new Uint8Array(extension?.value ?? [])), toHex(printable));
  assert.is(decodeCertificate(issue().certificatesDer[0] ?? der).override, null);
});

svids('issues leaves of ML-DSA-65 that verify, with the seed alone as their key', () => {
  const root = createX509Authority(HOME, NOW, random, 'ml-dsa-65');
  const signer = openX509Authority(HOME, root);
  const order = { spiffeId: WEB, now: NOW, notAfter: addMs(NOW, HOUR_MS) };
  const { certificatesDer, privateKeyPkcs8 } = issueX509Svid(signer, order, random);
  verifyX509Svid(certificatesDer, new Map([[HOME, [root.certificateDer]]]), NOW);
  const [leaf = new Uint8Array()] = certificatesDer;
  assert.is(decodeCertificate(leaf).signatureAlgorithm, '2.16.840.1.101.3.4.3.18');
  assert.is(privateKeyPkcs8.length, 54);
  const key = createPrivateKey({
    key: Buffer.from(privateKeyPkcs8),
    format: 'der',
    type: 'pkcs8',
  });
  assert.ok(new X509Certificate(leaf).checkPrivateKey(key));
});

svids('makes an authority whose every field another library reads as meant', async () => {
  const root = new x509.X509Certificate(new Uint8Array(stored.certificateDer));
  assert.ok(await root.isSelfSigned());
  assert.is(root.notBefore.getTime(), NOW - SVID_BACKDATE_MS);
  assert.is(root.notAfter.getTime(), NOW + AUTHORITY_LIFE_MS);
  const constraints = root.getExtension(x509.BasicConstraintsExtension);
  assert.equal([constraints?.critical, constraints?.ca], [true, true]);
  const usages = root.getExtension(x509.KeyUsagesExtension);
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  assert.equal([usages?.critical, usages?.usages], [true, keyCertSign | cRLSign]);
  const names = root.getExtension(x509.SubjectAlternativeNameExtension);
  assert.equal(names?.names.toJSON(), [{ type: 'url', value: 'spiffe://home.example' }]);
});

svids('hands out the private key of the certificate, in the encoding OpenSSL writes', () => {
  for (let i = 0; i < 300; i++) {
    const svid = issue();
    const key = createPrivateKey({
      key: Buffer.from(svid.privateKeyPkcs8),
      format: 'der',
      type: 'pkcs8',
    });
    assert.ok(new X509Certificate(svid.certificatesDer[0] ?? '').checkPrivateKey(key));
    const again = new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }));
    assert.is(toHex(again), toHex(svid.privateKeyPkcs8));
  }
});

svids('names no arc that Go cannot read: it refuses the whole certificate', () => {
  for (const dotted of Object.values(EXTENSION)) {
    const arcs = dotted.split('.').map((arc) => Number.parseInt(arc, 10));
    assert.ok(
      arcs.every((arc) => arc < 2 ** 31),
      dotted,
    );
  }
});

svids('passes its own verification', () => {
  const svid = issue();
  const verified = verifyX509Svid(
    svid.certificatesDer,
    new Map([[HOME, [stored.certificateDer]]]),
    NOW,
  );
  const { notAfter } = svid;
  assert.equal(verified, { spiffeId: WEB, notAfter, assurance: 'software' });
});

svids('never signs past the end of its authority', () => {
  const order = { spiffeId: WEB, now: NOW, notAfter: addMs(NOW, 2 * AUTHORITY_LIFE_MS) };
  assert.is(issueX509Svid(authority, order, random).notAfter, authority.certificate.notAfter);
});

svids('cuts the end to whole seconds, downwards', () => {
  const order = { spiffeId: WEB, now: NOW, notAfter: addMs(NOW, 5_999) };
  const svid = issueX509Svid(authority, order, random);
  assert.is(svid.notAfter, NOW + 5_000);
  assert.is(decodeCertificate(svid.certificatesDer[0] ?? new Uint8Array()).notAfter, svid.notAfter);
});

svids('refuses a stored authority of another domain, or with another key', () => {
  const isKeyMalformed = (error: unknown): boolean =>
    error instanceof Refusal && error.code === 'key-malformed';
  const other = createX509Authority(HOME, NOW, random);
  const mixed = { ...stored, privateKeyPkcs8: other.privateKeyPkcs8 };
  const broken = { ...stored, privateKeyPkcs8: stored.privateKeyPkcs8.subarray(1) };
  const leaf = issue();
  const noAuthority = {
    certificateDer: leaf.certificatesDer[0] ?? new Uint8Array(),
    privateKeyPkcs8: leaf.privateKeyPkcs8,
  };
  assert.throws(() => openX509Authority(parseTrustDomain('away.example'), stored), isKeyMalformed);
  for (const wrong of [mixed, broken, noAuthority]) {
    assert.throws(() => openX509Authority(HOME, wrong), isKeyMalformed);
  }
});

if (spawnSync('openssl', ['version']).error === undefined) {
  svids('is accepted by openssl verify, in its strict mode', async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.file('root.pem'), encodePem('CERTIFICATE', stored.certificateDer));
    const [leaf = new Uint8Array()] = issue().certificatesDer;
    writeFileSync(folder.file('leaf.pem'), encodePem('CERTIFICATE', leaf));
    const out = execFileSync('openssl', [
      ...['verify', '-x509_strict', '-purpose', 'sslserver', '-attime', String(NOW / 1000)],
      ...['-CAfile', folder.file('root.pem'), folder.file('leaf.pem')],
    ]);
    assert.match(out.toString(), /: OK/);
  });
} else {
  skip('daemon/identity/x509-svid › is accepted by openssl verify', 'openssl is not installed');
}

svids.run();
