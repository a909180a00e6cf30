/** X509-SVIDs with one thing wrong each, and go-spiffe’s good and wrong ones. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TAG } from '../../../core/der.ts';
import { Refusal, type RefusalCode, refusalOf } from '../../../core/refusal.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { HOUR_MS, unixMs } from '../../../core/time.ts';
import { EXTENSION, PURPOSE } from '../../../daemon/identity/certificate.ts';
import { encodeExtension } from '../../../daemon/identity/certificate-writer.ts';
import { encodeConfinement } from '../../../daemon/identity/name-constraints.ts';
import { encodePem } from '../../../daemon/identity/pem.ts';
import { parseX509Svid, verifyX509Svid } from '../../../daemon/identity/x509-verify.ts';
import { ROOT } from '../../root.ts';
import { skip } from '../../skip.ts';
import { refused } from '../refused.ts';
import {
  BIT,
  constraints,
  type Forged,
  forge,
  forgeLeaf,
  forgeRoot,
  leafExtensions,
  NOW,
  purposes,
  uris,
  usage,
} from './forge.ts';

const verify = suite('daemon/identity/x509-verify');

const HOME = parseTrustDomain('home.example');
const AWAY = parseTrustDomain('away.example');
const WEB = 'spiffe://home.example/web';
const root = forgeRoot(HOME);
const roots = new Map([[HOME, [root.der]]]);
const chainOf = (...certificates: readonly Forged[]) => certificates.map(({ der }) => der);

/** A leaf whose extension at `position` (constraints, usage, purposes, names) is another one. */
function leafWith(position: 0 | 1 | 2 | 3, ...instead: readonly Uint8Array[]): Forged {
  const extensions = leafExtensions(WEB).flatMap((own, i) => (i === position ? instead : [own]));
  return forgeLeaf(root, WEB, { extensions });
}

/** By its code; a pattern stands for `svid-invalid` and tells its rules apart. */
async function refusedFor(rule: RegExp | RefusalCode, attempt: () => unknown): Promise<void> {
  if (typeof rule === 'string') await refused(attempt, rule);
  else assert.match(String((await refused(attempt, 'svid-invalid')).details.why), rule);
}

verify('takes a leaf signed by a root of its domain', () => {
  const svid = verifyX509Svid(chainOf(forgeLeaf(root, WEB)), roots, NOW);
  assert.equal(svid, { spiffeId: WEB, notAfter: NOW + HOUR_MS, assurance: 'software' });
});

verify('takes a leaf below intermediates, and ends when the first of them does', () => {
  const extensions = [constraints(true, 0), usage(BIT.keyCertSign)];
  const middle = forge(extensions, { issuer: root, name: 'middle', notAfter: NOW + 60_000 });
  const svid = verifyX509Svid(chainOf(forgeLeaf(middle, WEB), middle), roots, NOW);
  assert.is(svid.notAfter, NOW + 60_000);
});

const WRONG_LEAVES: readonly (readonly [string, RegExp | RefusalCode, Forged])[] = [
  ['that is an authority', 'svid-ca', leafWith(0, constraints(true))],
  ['without key usage', /without key usage/, leafWith(1)],
  ['that may not sign', 'svid-no-digital-signature', leafWith(1, usage(BIT.keyAgreement))],
  [
    'that may sign certificates',
    'svid-cert-sign',
    leafWith(1, usage(BIT.digitalSignature, BIT.keyCertSign)),
  ],
  [
    'that may sign revocation lists',
    'svid-crl-sign',
    leafWith(1, usage(BIT.digitalSignature, BIT.cRLSign)),
  ],
  [
    'whose key usage is not critical',
    /not critical/,
    leafWith(
      1,
      encodeExtension(EXTENSION.keyUsage, 'optional', Uint8Array.of(TAG.bitString, 2, 7, 0x80)),
    ),
  ],
  ['for servers alone', /servers and clients/, leafWith(2, purposes(PURPOSE.serverAuth))],
  ['without a URI', 'svid-id', leafWith(3)],
  ['with two URIs', 'svid-id', leafWith(3, uris(WEB, 'https://home.example/'))],
  ['that names its domain alone', 'svid-id', leafWith(3, uris('spiffe://home.example'))],
  ['with a malformed ID', 'svid-id', leafWith(3, uris('spiffe://Home.example/web'))],
  [
    'with an extension twice',
    /occurs twice/,
    leafWith(3, uris(WEB), uris('spiffe://home.example/root')),
  ],
  [
    'with an unknown critical extension',
    /unknown/,
    leafWith(3, uris(WEB), encodeExtension('2.5.29.54', 'critical', Uint8Array.of(2, 1, 0))),
  ],
  [
    'with name constraints, even optional ones',
    /name constraints/,
    leafWith(
      3,
      uris(WEB),
      encodeExtension(EXTENSION.nameConstraints, 'optional', encodeConfinement(HOME)),
    ),
  ],
];

for (const [sentence, why, leaf] of WRONG_LEAVES) {
  verify(`refuses a leaf ${sentence}`, () =>
    refusedFor(why, () => verifyX509Svid(chainOf(leaf), roots, NOW)),
  );
}

verify('takes a leaf without purposes', () => {
  verifyX509Svid(chainOf(leafWith(2)), roots, NOW);
});

verify('honours the dates at both ends, to the second', async () => {
  const leaf = forgeLeaf(root, WEB, { notBefore: NOW, notAfter: NOW + 10_000 });
  const at = (now: number) => verifyX509Svid(chainOf(leaf), roots, unixMs(now));
  at(NOW);
  at(NOW + 10_999);
  await refusedFor('svid-expired', () => at(NOW - 1));
  await refusedFor('svid-expired', () => at(NOW + 11_000));
});

verify('refuses a root that has ended', () => {
  const old = forgeRoot(HOME, { notAfter: NOW - 2_000 });
  const leaf = forgeLeaf(old, WEB);
  return refusedFor('svid-untrusted', () =>
    verifyX509Svid(chainOf(leaf), new Map([[HOME, [old.der]]]), NOW),
  );
});

verify('refuses a leaf that a partner signed for our domain', async () => {
  const away = forgeRoot(AWAY);
  const stolen = forgeLeaf(away, WEB);
  const both = new Map([...roots, [AWAY, [away.der]] as const]);
  await refusedFor('svid-untrusted', () => verifyX509Svid(chainOf(stolen), both, NOW));
  await refusedFor('svid-untrusted', () =>
    verifyX509Svid(chainOf(stolen), new Map([[AWAY, [away.der]]]), NOW),
  );
});

verify('refuses a signature that is not the issuer’s, whatever the names say', () => {
  const impostor = forgeRoot(HOME);
  return refusedFor('svid-untrusted', () =>
    verifyX509Svid(chainOf(forgeLeaf(impostor, WEB)), roots, NOW),
  );
});

verify('finds the right one of two roots that bear one name', () => {
  const twin = forgeRoot(HOME);
  const twins = new Map([[HOME, [twin.der, root.der]]]);
  verifyX509Svid(chainOf(forgeLeaf(root, WEB)), twins, NOW);
});

verify(
  'refuses intermediates that are no authority, sign nothing, or speak for others',
  async () => {
    const middles: readonly (readonly [RegExp | RefusalCode, readonly Uint8Array[]])[] = [
      ['svid-issuer-ca', [constraints(false), usage(BIT.keyCertSign)]],
      ['svid-issuer-cert-sign', [constraints(true), usage(BIT.digitalSignature)]],
      ['svid-issuer-cert-sign', [constraints(true)]],
      [
        /its own domain/,
        [constraints(true), usage(BIT.keyCertSign), uris('spiffe://away.example')],
      ],
      [/its own domain/, [constraints(true), usage(BIT.keyCertSign), uris(WEB)]],
    ];
    for (const [why, extensions] of middles) {
      const middle = forge(extensions, { issuer: root, name: 'middle' });
      const chain = chainOf(forgeLeaf(middle, WEB), middle);
      await refusedFor(why, () => verifyX509Svid(chain, roots, NOW));
    }
  },
);

verify('refuses a path longer than an authority on it allows', () => {
  const short = forge([constraints(true, 0), usage(BIT.keyCertSign)], { issuer: root, name: 'a' });
  const below = forge([constraints(true), usage(BIT.keyCertSign)], { issuer: short, name: 'b' });
  const chain = chainOf(forgeLeaf(below, WEB), below, short);
  return refusedFor(/path longer/, () => verifyX509Svid(chain, roots, NOW));
});

verify('refuses a chain out of order, an empty one and an endless one', async () => {
  const middle = forge([constraints(true), usage(BIT.keyCertSign)], { issuer: root, name: 'm' });
  const other = forge([constraints(true), usage(BIT.keyCertSign)], { issuer: root, name: 'o' });
  const leaf = forgeLeaf(middle, WEB);
  await refusedFor('svid-untrusted', () =>
    verifyX509Svid(chainOf(leaf, other, middle), roots, NOW),
  );
  await refusedFor(/no certificate/, () => verifyX509Svid([], roots, NOW));
  const many = Array.from({ length: 8 }, () => middle);
  await refusedFor(/too many/, () => verifyX509Svid(chainOf(leaf, ...many), roots, NOW));
});

verify('refuses a certificate with any byte cut off or added', async () => {
  const [der = new Uint8Array()] = chainOf(forgeLeaf(root, WEB));
  for (const wrong of [der.subarray(0, -1), Uint8Array.of(...der, 0), new Uint8Array(0)]) {
    await refused(() => verifyX509Svid([wrong], roots, NOW), 'svid-invalid');
  }
});

verify('refuses a certificate with any one bit changed', async () => {
  const [der = new Uint8Array()] = chainOf(forgeLeaf(root, WEB));
  for (let bit = 0; bit < 8 * der.length; bit++) {
    const changed = Uint8Array.from(der);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const verdict = refusalOf(() => verifyX509Svid([changed], roots, NOW));
    assert.ok(verdict instanceof Refusal && /^svid-/.test(verdict.code), `bit ${bit}`);
  }
});

verify('refuses PEM of another label, with text inside, or none', async () => {
  const { der } = forgeLeaf(root, WEB);
  const good = encodePem('CERTIFICATE', der);
  assert.is(parseX509Svid(`\n${good}\n`).spiffeId, WEB);
  for (const wrong of [
    '',
    good.replaceAll('CERTIFICATE', 'PRIVATE KEY'),
    `${good}x`,
    good.slice(5),
  ]) {
    await refused(() => parseX509Svid(wrong), 'svid-invalid');
  }
});

const VECTORS = join(
  process.env.HOLDFAST_VECTORS ?? join(ROOT, '../shared/vectors'),
  'spiffe/x509svid',
);
const VERDICTS: Readonly<Record<string, 'taken' | RefusalCode>> = {
  'good-leaf-only.pem': 'taken',
  'good-leaf-and-intermediate.pem': 'taken',
  'corrupt-cert.pem': 'svid-invalid',
  'not-pem': 'svid-invalid',
  'wrong-intermediate-no-ca.pem': 'svid-issuer-ca',
  'wrong-intermediate-no-key-cert-sign.pem': 'svid-issuer-cert-sign',
  'wrong-leaf-ca-true.pem': 'svid-ca',
  'wrong-leaf-cert-sign.pem': 'svid-cert-sign',
  'wrong-leaf-crl-sign.pem': 'svid-crl-sign',
  'wrong-leaf-empty-id.pem': 'svid-id',
  'wrong-leaf-no-digital-signature.pem': 'svid-no-digital-signature',
};

for (const [name, verdict] of Object.entries(VERDICTS)) {
  const sentence = `agrees with go-spiffe about ${name}`;
  if (!existsSync(join(VECTORS, name))) {
    skip(`daemon/identity/x509-verify › ${sentence}`, 'no vectors');
    continue;
  }
  verify(sentence, async () => {
    const read = () => parseX509Svid(readFileSync(join(VECTORS, name), 'utf8'));
    if (verdict === 'taken') read();
    else await refused(read, verdict);
  });
}

verify.run();
