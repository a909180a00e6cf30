/** Intermediates of nodes: what they may sign, at our verifier, and what ends with them. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../../core/bytes.ts';
import { spiffeId, type TrustDomain } from '../../../core/spiffe-id.ts';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../core/time.ts';
import { cellOf, isCellOf, vouchingFor } from '../../../daemon/identity/cell.ts';
import { decodeCertificate } from '../../../daemon/identity/certificate.ts';
import { nodeMark } from '../../../daemon/identity/certificate-writer.ts';
import { parsePublicKey } from '../../../daemon/identity/public-key.ts';
import { NOTHING_REVOKED } from '../../../daemon/identity/revoked.ts';
import {
  issueBelow,
  type NodeIntermediate,
  openIntermediate,
} from '../../../daemon/identity/x509-intermediate.ts';
import { verifyX509Svid } from '../../../daemon/identity/x509-verify.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { refuses } from '../../refused.ts';
import { refused } from '../refused.ts';
import { captured, capturedNameless, HOME, NODE, NOW, ROOT_DER } from './captured.ts';
import { forgeLeaf } from './forge.ts';

const intermediates = suite('daemon/identity/x509-intermediate');

const CELL = cellOf('cell7', HOME);
const OTHER_CELL = cellOf('cell8', HOME);
const ROOTS = new Map([[HOME, [ROOT_DER]]]);
const random = new SeededRandom('intermediates');

/** Whatever the thief of an intermediate's key signs, for whatever name. */
function signed(by: NodeIntermediate, domain: TrustDomain, dnsNames: readonly string[] = []) {
  const order = { spiffeId: spiffeId(domain, '/web'), dnsNames, now: NOW };
  return issueBelow({ ...by, domain }, { ...order, notAfter: addMs(NOW, MINUTE_MS) }, random);
}

intermediates('of a cell sign for the cell, with the chain that shows it', async () => {
  const svid = await signed(captured(CELL, undefined, 'tpm'), CELL);
  const verified = verifyX509Svid(svid.certificatesDer, ROOTS, NOW, new Map(), [HOME]);
  const { notAfter } = svid;
  assert.equal(verified, { spiffeId: `spiffe://${CELL}/web`, notAfter, assurance: 'tpm' });
  // Nobody infers that a domain vouches for what its name ends another with.
  refuses('svid-untrusted', () => verifyX509Svid(svid.certificatesDer, ROOTS, NOW));
});

intermediates('of a cell sign for nobody else, nor for any name of another form', async () => {
  const stolen = captured(CELL);
  const judge = async (domain: TrustDomain, dnsNames: readonly string[] = []) => {
    // Its own certificate names its cell; a thief may leave that aside, so the test does.
    const { certificatesDer } = await signed(stolen, domain, dnsNames);
    return verifyX509Svid(certificatesDer, ROOTS, NOW, new Map(), [HOME]);
  };
  await judge(CELL);
  await refused(() => judge(HOME), 'svid-invalid'); // the intermediate names another domain
  await refused(() => judge(OTHER_CELL), 'svid-invalid');
  await refused(() => judge(CELL, ['web.home.example']), 'svid-constrained');
  // Without that name the constraints alone hold it.
  const nameless = capturedNameless(CELL);
  for (const domain of [HOME, OTHER_CELL, cellOf('x', CELL)]) {
    const chain = [forgeLeaf(nameless, spiffeId(domain, '/web')).der, nameless.der];
    const roots = new Map([[domain, [ROOT_DER]]]);
    refuses('svid-constrained', () => verifyX509Svid(chain, roots, NOW));
  }
});

intermediates(
  'of the whole domain sign for every workload of it, and no other domain',
  async () => {
    const stolen = captured(HOME);
    const { certificatesDer } = await signed(stolen, HOME, ['bank.home.example']);
    verifyX509Svid(certificatesDer, ROOTS, NOW);
    const foreign = await signed(stolen, 'away.example' as TrustDomain);
    refuses('svid-invalid', () => verifyX509Svid(foreign.certificatesDer, ROOTS, NOW));
  },
);

intermediates('may have none below them', async () => {
  const { certificatesDer } = await signed(captured(HOME), HOME);
  const [leaf = new Uint8Array(), own = new Uint8Array()] = certificatesDer;
  assert.is(decodeCertificate(own).pathLength, 0);
  assert.is(decodeCertificate(leaf).isCa, false);
});

intermediates('end with what they may sign, and so does all they sign', async () => {
  const short = captured(HOME, addMs(NOW, 10_000));
  const order = { spiffeId: spiffeId(HOME, '/web'), now: NOW, notAfter: addMs(NOW, HOUR_MS) };
  const svid = await issueBelow(short, order, random);
  assert.is(svid.notAfter, NOW + 10_000);
});

intermediates('are refused with all they signed once their node is revoked', async () => {
  for (const domain of [CELL, HOME]) {
    const svid = await signed(captured(domain), domain);
    const judge = (...nodes: string[]) => {
      const set = { ...NOTHING_REVOKED, nodes: new Set(nodes) };
      return verifyX509Svid(svid.certificatesDer, ROOTS, NOW, new Map([[HOME, set]]), [HOME]);
    };
    judge(toHex(nodeMark('22'.repeat(32) as typeof NODE)));
    refuses('svid-revoked', () => judge(toHex(nodeMark(NODE))));
  }
});

intermediates('of another key or another domain are not opened', () => {
  const { certificate, key } = captured(HOME);
  const { key: other } = captured(HOME);
  refuses('issuing-malformed', () => openIntermediate(certificate.der, CELL, key));
  refuses('issuing-malformed', () => openIntermediate(certificate.der, HOME, other));
});

intermediates('are made for keys in their one encoding, and for keys alone', () => {
  const { key } = captured(HOME);
  assert.is(parsePublicKey(key.spki).keyType, 'ec-p256');
  const offCurve = key.spki.slice();
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
  refuses('key-malformed', () => parsePublicKey(offCurve));
  refuses('key-malformed', () => parsePublicKey(key.spki.subarray(1)));
  refuses('key-malformed', () => parsePublicKey(new Uint8Array(0)));
});

intermediates('a cell is one label below its domain, and no domain that is known itself', () => {
  assert.is(CELL, 'cell7.home.example');
  assert.ok(isCellOf(CELL, HOME));
  for (const name of [HOME, cellOf('x', CELL), 'cell7home.example', '-a.home.example']) {
    assert.not.ok(isCellOf(name as TrustDomain, HOME), name);
  }
  assert.is(vouchingFor(CELL, new Set(), [HOME]), HOME);
  assert.is(vouchingFor(CELL, new Set([CELL]), [HOME]), CELL);
  assert.is(vouchingFor(CELL, new Set(), []), CELL);
});

intermediates.run();
