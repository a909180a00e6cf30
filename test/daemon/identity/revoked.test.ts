/** What is revoked is neither accepted nor served: by serial, identity and date, authority. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../../core/digest.ts';
import { REVOCATIONS_MAX, SVID_BACKDATE_MS } from '../../../core/limits.ts';
import { Refusal } from '../../../core/refusal.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { addMs, HOUR_MS, unixMs } from '../../../core/time.ts';
import { authoritySource } from '../../../daemon/identity/authority-source.ts';
import { decodeCertificate } from '../../../daemon/identity/certificate.ts';
import { IdentityDirectory } from '../../../daemon/identity/directory.ts';
import { NOTHING_REVOKED, type RevokedSet, serialText } from '../../../daemon/identity/revoked.ts';
import { parseSelector } from '../../../daemon/identity/selector.ts';
import { decodeCrl, isCrlOf, signCrl } from '../../../daemon/identity/x509-crl.ts';
import { decodeX509Svid, verifyX509Svid } from '../../../daemon/identity/x509-verify.ts';
import { GRPC } from '../../../daemon/workload-api/grpc.ts';
import { stateOf } from '../../../daemon/workload-api/response.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { refuses } from '../../refused.ts';
import { refused } from '../refused.ts';
import { forgeLeaf, forgeRoot, NOW } from './forge.ts';
import { testTrust } from './trust.ts';

const revoked = suite('daemon/identity/revoked');
const HOME = parseTrustDomain('home.example');
const AWAY = parseTrustDomain('away.example');
const WEB = 'spiffe://home.example/web';
const root = forgeRoot(HOME);
const roots = new Map([[HOME, [root.der]]]);
const chain = [forgeLeaf(root, WEB).der];
const { leaf } = decodeX509Svid(chain);

function judge(change: Partial<RevokedSet>, domain = HOME): unknown {
  return verifyX509Svid(chain, roots, NOW, new Map([[domain, { ...NOTHING_REVOKED, ...change }]]));
}

revoked('refuses a leaf by its serial, in the domain that revoked it and in no other', () => {
  const serials = new Set([serialText(leaf)]);
  refuses('svid-revoked', () => judge({ serials }));
  assert.ok(judge({ serials }, AWAY));
  assert.ok(judge({ serials: new Set(['4a']) }));
});

revoked('refuses what was issued for an identity before a moment, and takes what came then', () => {
  const issuedAt = addMs(leaf.notBefore, SVID_BACKDATE_MS);
  const at = (ms: number) => judge({ identities: new Map([[WEB, addMs(issuedAt, ms)]]) });
  refuses('svid-revoked', () => at(1));
  assert.ok(at(0));
  assert.ok(judge({ identities: new Map([[`${WEB}2`, addMs(issuedAt, HOUR_MS)]]) }));
});

revoked('trusts no authority whose key is revoked', () => {
  const authorities = new Set([digestOf(decodeCertificate(root.der).spki)]);
  refuses('svid-untrusted', () => judge({ authorities }));
});

function open() {
  const clock = new FakeClock();
  const trust = testTrust(clock.now().wall);
  const entries = [trust.entry('web')];
  const directory = new IdentityDirectory({
    ...{
      clock,
      random: trust.random,
      source: authoritySource(trust.signers, trust.random),
      view: trust.view(entries),
    },
  });
  const held = async () => {
    const { identities } = await directory.identitiesOf([parseSelector('unix:uid:1000')]);
    return identities[0]?.svid;
  };
  const update = (ownRevoked: RevokedSet) => directory.update(trust.view(entries, { ownRevoked }));
  return { clock, directory, held, update };
}

revoked('serves another SVID in place of a revoked one, at once', async () => {
  const { directory, held, update } = open();
  const first = await held();
  update({ ...NOTHING_REVOKED, serials: new Set([first?.serial ?? '']) });
  assert.is.not((await held())?.serial, first?.serial);
  directory.close();
});

revoked('issues anew what no revocation of the same second covers', async () => {
  const { clock, directory, held, update } = open();
  const first = await held();
  clock.advance(300);
  const at = unixMs(clock.now().wall);
  const set = { ...NOTHING_REVOKED, identities: new Map([[first?.spiffeId ?? '', at]]) };
  update(set);
  const second = await held();
  assert.is.not(second?.serial, first?.serial);
  assert.ok(addMs(second?.notBefore ?? at, SVID_BACKDATE_MS) >= at);
  assert.is(await held(), second);
  directory.close();
});

revoked('withholds what a revocation of our future covers', async () => {
  const { clock, directory, held, update } = open();
  const id = (await held())?.spiffeId ?? '';
  const later = addMs(clock.now().wall, HOUR_MS / 2);
  update({ ...NOTHING_REVOKED, identities: new Map([[id, later]]) });
  await refused(held, 'svid-withheld');
  const { code } = stateOf(new Refusal('svid-withheld'));
  assert.is(code, GRPC.unavailable, 'whoever asked comes again');
  directory.close();
});

revoked('lists of all that may be revoked read back, and are of who signed them alone', () => {
  const { authority } = testTrust(NOW);
  const serials = Array.from({ length: REVOCATIONS_MAX }, (_, i) =>
    Uint8Array.of(0x40, ...new Uint8Array(13).fill(7), i >> 8, i & 0xff),
  );
  const list = serials.map((serial) => ({ serial, at: NOW }));
  const terms = { number: 0x80n, thisUpdate: NOW, nextUpdate: addMs(NOW, HOUR_MS) };
  const crl = decodeCrl(signCrl(authority, list, terms));
  assert.is(crl.serials.length, REVOCATIONS_MAX);
  assert.is(crl.nextUpdate, addMs(NOW, HOUR_MS));
  assert.ok(isCrlOf(crl, authority.certificate.der));
  assert.not.ok(isCrlOf(crl, root.der));
  assert.equal(decodeCrl(signCrl(authority, [], terms)).serials, []);
});

revoked.run();
