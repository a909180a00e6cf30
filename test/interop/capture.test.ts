/**
 * Capture experiments: what a thief can be who has all the keys of a node, by the kind of its
 * lease, at our verifier, at OpenSSL and at go-spiffe (PROTOCOL §7.2).
 * Timeout: 480 s
 */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../core/bytes.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { parseSpiffeId, trustDomainOf } from '../../core/spiffe-id.ts';
import { addMs, MINUTE_MS } from '../../core/time.ts';
import { cellOf } from '../../daemon/identity/cell.ts';
import { encodePem } from '../../daemon/identity/pem.ts';
import { openPrivateKey } from '../../daemon/identity/private-key.ts';
import { serialText } from '../../daemon/identity/revoked.ts';
import { signCrl } from '../../daemon/identity/x509-crl.ts';
import { issueBelow, type NodeIntermediate } from '../../daemon/identity/x509-intermediate.ts';
import { issueX509Svid } from '../../daemon/identity/x509-svid.ts';
import { verifyX509Svid } from '../../daemon/identity/x509-verify.ts';
import {
  AUTHORITY,
  captured,
  capturedNameless,
  HOME,
  NOW,
  ROOT_DER,
} from '../daemon/identity/captured.ts';
import { forge, forgeLeaf, leafExtensions } from '../daemon/identity/forge.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { temporaryFolder } from '../folder.ts';
import { skip } from '../skip.ts';
import { goVerifier } from './toolchain.ts';

const capture = suite('interop/capture');

const CELL = cellOf('cell7', HOME);
const OTHER_CELL = cellOf('cell8', HOME);
const OWN = 'spiffe://home.example/own';
const random = new SeededRandom('capture');

/** Says whether a chain is accepted for an ID, whose domain's roots are those of `home.example`. */
type Judge = (chain: readonly Uint8Array[], id: string) => Promise<boolean>;

const ours: Judge = async (chain, id) => {
  const roots = new Map([[trustDomainOf(parseSpiffeId(id)), [ROOT_DER]]]);
  return !(refusalOf(() => verifyX509Svid(chain, roots, NOW)) instanceof Refusal);
};

const openssl: Judge = async (chain) => {
  const [leaf = new Uint8Array(), ...above] = chain;
  await using folder = await temporaryFolder();
  const pem = (name: string, ders: readonly Uint8Array[]) => {
    const path = folder.file(name);
    writeFileSync(path, ders.map((der) => encodePem('CERTIFICATE', der)).join(''));
    return path;
  };
  const { status, stdout } = spawnSync('openssl', [
    ...['verify', '-purpose', 'sslserver', '-attime', String(NOW / 1_000)],
    ...['-CAfile', pem('root.pem', [ROOT_DER])],
    ...(above.length === 0 ? [] : ['-untrusted', pem('above.pem', above)]),
    pem('leaf.pem', [leaf]),
  ]);
  return status === 0 && /: OK/.test(stdout.toString());
};

/** Leaves for `id` that the thief of an intermediate can make: proper, and below a nameless one. */
async function signedBy(node: NodeIntermediate, id: string, dnsNames: readonly string[] = []) {
  const spiffeId = parseSpiffeId(id);
  const thief = { ...node, domain: trustDomainOf(spiffeId) };
  const order = { spiffeId, dnsNames, now: NOW, notAfter: addMs(NOW, MINUTE_MS) };
  return (await issueBelow(thief, order, random)).certificatesDer;
}

/** What the thief of a node of slices has: the keys and leaves of its own entries. */
function slice() {
  const order = { spiffeId: parseSpiffeId(OWN), now: NOW, notAfter: addMs(NOW, MINUTE_MS) };
  const svid = issueX509Svid(AUTHORITY, order, random);
  const [der = new Uint8Array()] = svid.certificatesDer;
  const key = openPrivateKey(svid.privateKeyPkcs8);
  // An empty subject cannot be named by what it signs, so the thief writes the empty name.
  return { der, forged: { der, key, name: Uint8Array.of(0x30, 0) } };
}

async function experiment(judge: Judge): Promise<void> {
  const { der, forged } = slice();
  assert.ok(await judge([der], OWN), 'slices: its own entry');
  for (const id of [OWN, 'spiffe://home.example/bank']) {
    const made = forgeLeaf(forged, id);
    assert.not.ok(await judge([made.der, der], id), `slices: what its leaf key signs, ${id}`);
    const self = forge(leafExtensions(id));
    assert.not.ok(await judge([self.der], id), `slices: what it signs itself, ${id}`);
  }
  const cell = captured(CELL);
  const inCell = `spiffe://${CELL}/anything`;
  assert.ok(await judge(await signedBy(cell, inCell), inCell), 'cell: any workload of the cell');
  for (const domain of [HOME, OTHER_CELL, cellOf('x', OTHER_CELL), 'away.example']) {
    const id = `spiffe://${domain}/bank`;
    assert.not.ok(await judge(await signedBy(cell, id), id), `cell: of ${domain}`);
    const nameless = capturedNameless(CELL);
    const below = [forgeLeaf(nameless, id).der, nameless.der];
    assert.not.ok(await judge(below, id), `cell, by its constraints alone: of ${domain}`);
  }
  const named = await signedBy(cell, inCell, ['bank.home.example']);
  assert.not.ok(await judge(named, inCell), 'cell: a host name beside an ID of the cell');
  const domain = captured(HOME);
  for (const path of ['own', 'bank', 'admin']) {
    const id = `spiffe://home.example/${path}`;
    const made = await signedBy(domain, id, [`${path}.home.example`]);
    assert.ok(await judge(made, id), `domain: every workload, ${path}`);
  }
}

capture('at our verifier: slices is its own entries, a cell its cell, a domain everything', () =>
  experiment(ours),
);

/** What two verifiers take that ours refuses: THREATS names both. */
const BELOW_CELL = `spiffe://${cellOf('x', CELL)}/bank`;
const ABROAD = 'spiffe://away.example/bank';

capture('our verifier takes no other domain, nor what is below the name of a cell', async () => {
  assert.not.ok(await ours(await signedBy(captured(HOME), ABROAD), ABROAD));
  const nameless = capturedNameless(CELL);
  const below = [forgeLeaf(nameless, BELOW_CELL).der, nameless.der];
  assert.not.ok(await ours(below, BELOW_CELL));
});

const OPENSSL =
  'at openssl verify: slices is its own entries, a cell its cell, a domain everything';
const LAX_OPENSSL = 'openssl knows no trust domains: a domain node can be anybody of any to it';
const CRL = 'openssl refuses the intermediate of a revoked node by the CRL of its authority';
if (spawnSync('openssl', ['version']).error === undefined) {
  capture(OPENSSL, () => experiment(openssl));
  capture(LAX_OPENSSL, async () => {
    assert.ok(await openssl(await signedBy(captured(HOME), ABROAD), ABROAD));
  });
  capture(CRL, async () => {
    await using folder = await temporaryFolder();
    const node = captured(HOME);
    const serial = fromHex(serialText(node.certificate));
    const terms = { number: 1n, thisUpdate: NOW, nextUpdate: addMs(NOW, MINUTE_MS) };
    const crl = signCrl(AUTHORITY, [{ serial, at: NOW }], terms);
    const [leaf = new Uint8Array(), above = new Uint8Array()] = await signedBy(node, OWN);
    const files = [
      ['root.pem', encodePem('CERTIFICATE', ROOT_DER) + encodePem('X509 CRL', crl)],
      ['above.pem', encodePem('CERTIFICATE', above)],
      ['leaf.pem', encodePem('CERTIFICATE', leaf)],
    ] as const;
    for (const [name, text] of files) writeFileSync(folder.file(name), text);
    // The leaf's own issuer publishes no list: -crl_check_all would miss one.
    const { stderr, status } = spawnSync('openssl', [
      ...['verify', '-crl_check', '-attime', String(NOW / 1_000)],
      ...['-CAfile', folder.file('root.pem'), folder.file('above.pem')],
    ]);
    assert.is.not(status, 0);
    assert.match(stderr.toString(), /certificate revoked/);
  });
} else {
  skip(`interop/capture › ${OPENSSL}`, 'openssl is not installed');
  skip(`interop/capture › ${LAX_OPENSSL}`, 'openssl is not installed');
  skip(`interop/capture › ${CRL}`, 'openssl is not installed');
}

const GO = 'at go-spiffe: slices is its own entries, a cell its cell, a domain everything';
const toolchain = goVerifier();
const LAX_GO = 'go-spiffe lets a cell be what is below its name, where somebody trusts it there';
if ('missing' in toolchain) {
  skip(`interop/capture › ${GO}`, toolchain.missing);
  skip(`interop/capture › ${LAX_GO}`, toolchain.missing);
} else {
  const [program = ''] = toolchain.command;
  const goSpiffe: Judge = async (chain, id) => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.file('root.pem'), encodePem('CERTIFICATE', ROOT_DER));
    const pem = chain.map((der) => encodePem('CERTIFICATE', der)).join('');
    writeFileSync(folder.file('chain.pem'), pem);
    const files = [folder.file('root.pem'), folder.file('chain.pem')];
    const domain = trustDomainOf(parseSpiffeId(id));
    const { status, stdout } = spawnSync(program, [domain, ...files, String(NOW / 1_000)]);
    return status === 0 && stdout.toString().trim() === id;
  };
  capture(GO, () => experiment(goSpiffe));
  capture(LAX_GO, async () => {
    const nameless = capturedNameless(CELL);
    const below = [forgeLeaf(nameless, BELOW_CELL).der, nameless.der];
    assert.ok(await goSpiffe(below, BELOW_CELL));
  });
}

capture.run();
