/** The library as a program uses it: texts and bytes in, a verdict or a coded refusal out. */

import { spawnSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toBase64, toUtf8 } from '../../core/bytes.ts';
import { encodeDer, TAG } from '../../core/der.ts';
import { addMs, HOUR_MS, unixMs } from '../../core/time.ts';
import { EXTENSION } from '../../daemon/identity/certificate.ts';
import { encodeAssurance, encodeExtension } from '../../daemon/identity/certificate-writer.ts';
import { createJwtAuthority, openJwtAuthority } from '../../daemon/identity/jwt-authority.ts';
import { issueJwtSvid } from '../../daemon/identity/jwt-svid.ts';
import { encodeJwtKey, encodeKeys, encodeX509Key } from '../../daemon/identity/spiffe-bundle.ts';
import { createX509Authority, openX509Authority } from '../../daemon/identity/x509-authority.ts';
import { CRLS_MEMBER, signCrl } from '../../daemon/identity/x509-crl.ts';
import { issueX509Svid } from '../../daemon/identity/x509-svid.ts';
import { withHonoured } from '../../daemon/relation/honoured.ts';
import {
  type BundleFacts,
  parseBundle,
  parseSpiffeId,
  type TrustedBundle,
  verifyJwt,
  verifyX509,
} from '../../daemon/spiffe.ts';
import type { Assurance } from '../../federation/assurance.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { temporaryFolder } from '../folder.ts';
import { ROOT } from '../root.ts';
import {
  BIT,
  constraints,
  type Forged,
  forge,
  forgeLeaf,
  forgeRoot,
  leafExtensions,
  NOW,
  usage,
} from './identity/forge.ts';
import { AWAY, HOME } from './identity/trust.ts';
import { refused } from './refused.ts';

const library = suite('daemon/spiffe');

const WEB = parseSpiffeId('spiffe://home.example/web');
const root = forgeRoot(HOME);
const leaf = forgeLeaf(root, WEB);
const key = openJwtAuthority(createJwtAuthority('ml-dsa-65'));
const text = JSON.stringify(encodeKeys([encodeX509Key(root.der), encodeJwtKey(key)], 60));
const bundles = new Map([[HOME, parseBundle(text, { tier: 'DEGRADED' })]]);
const order = { spiffeId: WEB, audience: ['db'], now: NOW, notAfter: addMs(NOW, HOUR_MS) };
const token = issueJwtSvid(key, order);

const chainOf = (...forged: readonly Forged[]) => forged.map(({ der }) => der);

/** An authority of home, and what it issued. */
function issued() {
  const random = new SeededRandom('spiffe');
  const authority = openX509Authority(HOME, createX509Authority(HOME, NOW, random));
  const svid = issueX509Svid(
    authority,
    { spiffeId: WEB, now: NOW, notAfter: addMs(NOW, HOUR_MS) },
    random,
  );
  return { authority, ...svid };
}

library('verifies certificates and tokens, and says by what', async () => {
  const proven = {
    ...{ spiffeId: WEB, trustDomain: HOME, notAfter: NOW + HOUR_MS, tier: 'DEGRADED' },
    ...{ assurance: 'software', revokedAsOf: null },
  };
  assert.equal(verifyX509([leaf.der], bundles, NOW), proven);
  const { claims, ...verdict } = verifyJwt(token, 'db', bundles, NOW);
  assert.equal(verdict, proven);
  assert.is(claims?.sub, WEB);
});

library('judges by the bundle of the own domain alone, and at the moment given', async () => {
  const elsewhere = new Map([[AWAY, parseBundle(text)]]);
  await refused(() => verifyX509([leaf.der], elsewhere, NOW), 'svid-untrusted');
  await refused(() => verifyJwt(token, 'db', elsewhere, NOW), 'jwt-untrusted');
  const short = forgeLeaf(root, WEB, { notAfter: NOW + 10_000 });
  await refused(() => verifyX509([short.der], bundles, NOW + 11_000), 'svid-expired');
  await refused(() => verifyJwt(token, 'db', bundles, NOW + HOUR_MS), 'jwt-expired');
  await refused(() => verifyJwt(token, 'cache', bundles, NOW), 'jwt-audience');
});

library('refuses what the relation does not honour, though it verifies', async () => {
  const judged = (relation: BundleFacts['relation']) => {
    const confined = new Map([[HOME, parseBundle(text, { ...(relation && { relation }) })]]);
    verifyJwt(token, 'db', confined, NOW);
    return verifyX509([leaf.der], confined, NOW).spiffeId;
  };
  assert.is(judged({ scope: ['/api', '/web'] }), WEB);
  assert.is(judged({ minAssurance: 'software' }), WEB);
  for (const scope of [[], ['/w'], ['/web/db'], ['/webmail']]) {
    await refused(() => judged({ scope }), 'relation-scope');
  }
  await refused(() => judged({ scope: ['/web'], minAssurance: 'tpm' }), 'relation-assurance');
  await refused(() => judged({ scope: ['/web/../db'] }), 'scope-malformed');
  // An export of a daemon says it in the text; what the program says comes before.
  const exported = (scope: readonly string[]) =>
    JSON.stringify(withHonoured(JSON.parse(text), { scope, minAssurance: 'software' }));
  const by = (bundle: TrustedBundle) => verifyX509([leaf.der], new Map([[HOME, bundle]]), NOW);
  assert.is(by(parseBundle(exported(['/web']))).spiffeId, WEB);
  await refused(() => by(parseBundle(exported(['/api']))), 'relation-scope');
  by(parseBundle(exported(['/api']), { relation: { scope: ['/'] } }));
  await refused(() => parseBundle(exported(['/web', '/ci'])), 'scope-malformed');
  const odd = JSON.stringify({ ...JSON.parse(text), holdfast_relation: 'all' });
  await refused(() => parseBundle(odd), 'document-malformed');
});

library('refuses what its own domain revoked, and says how old that knowledge is', async () => {
  const { authority, certificatesDer, serial } = issued();
  const der = authority.certificate.der;
  const terms = { number: 1n, thisUpdate: NOW, nextUpdate: addMs(NOW, HOUR_MS) };
  const listOf = (hex: string, thisUpdate = NOW) =>
    signCrl(authority, [{ serial: fromHex(hex), at: NOW }], { ...terms, thisUpdate });
  const published = encodeKeys([encodeX509Key(der)], 60);
  const withList = (crl: Uint8Array) =>
    JSON.stringify({ ...published, [CRLS_MEMBER]: [toBase64(crl)] });
  const judge = (bundle: ReturnType<typeof parseBundle>) =>
    verifyX509(certificatesDer, new Map([[HOME, bundle]]), NOW);
  // In the bundle, and as the Workload API hands it out beside one.
  await refused(() => judge(parseBundle(withList(listOf(serial)))), 'svid-revoked');
  const plain = JSON.stringify(published);
  await refused(() => judge(parseBundle(plain, { crls: [listOf(serial)] })), 'svid-revoked');
  assert.is(judge(parseBundle(plain)).revokedAsOf, null);
  const older = listOf('7f01', unixMs(NOW - HOUR_MS));
  const both = parseBundle(withList(listOf('7f02')), { crls: [older] });
  assert.is(judge(both).revokedAsOf, NOW - HOUR_MS);
  // Whoever is no authority of the domain revokes nothing in it.
  const stranger = issued().authority;
  const forged = signCrl(stranger, [{ serial: fromHex(serial), at: NOW }], terms);
  assert.is(judge(parseBundle(withList(forged), { crls: [forged] })).revokedAsOf, null);
  await refused(() => parseBundle(plain, { crls: [Uint8Array.of(0x30)] }), 'bad-encoding');
});

library('takes assurance from what a root signed, and lets nobody below raise it', () => {
  const roots = JSON.stringify(encodeKeys([encodeX509Key(root.der)], 60));
  const judge = (...chain: readonly Forged[]) =>
    verifyX509(chainOf(...chain), new Map([[HOME, parseBundle(roots)]]), NOW).assurance;
  const leafSaying = (issuer: Forged, ...said: readonly Assurance[]) =>
    forge([...leafExtensions(WEB), ...said.map(encodeAssurance)], { issuer });
  const nodeSaying = (...said: readonly Assurance[]) =>
    forge([constraints(true), usage(BIT.keyCertSign), ...said.map(encodeAssurance)], {
      issuer: root,
      name: 'node',
    });
  assert.is(judge(leafSaying(root, 'measured-boot')), 'measured-boot');
  assert.is(judge(leafSaying(root)), 'software');
  for (const [node, own, expected] of [
    ['tpm', undefined, 'tpm'],
    ['tpm', 'measured-boot', 'tpm'],
    ['measured-boot', 'vtpm', 'vtpm'],
    [undefined, 'measured-boot', 'software'],
  ] as const) {
    const middle = nodeSaying(...(node === undefined ? [] : [node]));
    const below = leafSaying(middle, ...(own === undefined ? [] : [own]));
    assert.is(judge(below, middle), expected, `${node} ${own}`);
  }
  const odd = encodeExtension(
    EXTENSION.assurance,
    'optional',
    encodeDer(TAG.printableString, toUtf8('of-the-future')),
  );
  assert.is(judge(forge([...leafExtensions(WEB), odd], { issuer: root })), 'software');
  const said = issueJwtSvid(key, { ...order, assurance: 'tpm' });
  assert.is(verifyJwt(said, 'db', bundles, NOW).assurance, 'tpm');
});

library('does what the example in the documents says', async () => {
  const guide = await readFile(join(ROOT, 'docs/OPERATIONS.md'), 'utf8');
  const blocks = guide.split(/\n(?=\S)/);
  const example = blocks.find((block) => block.includes("from 'holdfast/spiffe'"))?.split('\n\n');
  assert.ok(example !== undefined, 'there is an example');
  await using folder = await temporaryFolder();
  await mkdir(folder.file('node_modules'));
  await symlink(ROOT, folder.file('node_modules/holdfast'));
  const args = [folder.file('home.json'), folder.file('peer.der'), String(NOW)];
  await writeFile(args[0] ?? '', text);
  await writeFile(args[1] ?? '', leaf.der);
  await writeFile(folder.file('judge.mjs'), example.slice(1).join('\n\n'));
  const run = spawnSync(process.execPath, [folder.file('judge.mjs'), ...args], {
    encoding: 'utf8',
  });
  assert.is(run.stdout, `${WEB} DEGRADED software null\n`, run.stderr);
  await writeFile(args[1] ?? '', forgeLeaf(forgeRoot(HOME), WEB).der);
  const other = spawnSync(process.execPath, [folder.file('judge.mjs'), ...args], {
    encoding: 'utf8',
  });
  assert.is(other.stdout, 'refused: svid-untrusted\n', other.stderr);
});

library('refuses a text that is no bundle', async () => {
  for (const wrong of ['[]', '{}', '{"keys":[{}]}']) {
    await refused(() => parseBundle(wrong), 'bundle-malformed');
  }
  await refused(() => parseBundle('{"keys":[],"keys":[]}'), 'json-duplicate-key');
});

library.run();
