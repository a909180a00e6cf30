/** The library as a program uses it: texts and bytes in, a verdict or a coded refusal out. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addMs, HOUR_MS } from '../../core/time.ts';
import { createJwtAuthority, openJwtAuthority } from '../../daemon/identity/jwt-authority.ts';
import { issueJwtSvid } from '../../daemon/identity/jwt-svid.ts';
import { encodeJwtKey, encodeKeys, encodeX509Key } from '../../daemon/identity/spiffe-bundle.ts';
import { parseBundle, parseSpiffeId, verifyJwt, verifyX509 } from '../../daemon/spiffe.ts';
import { forgeLeaf, forgeRoot, NOW } from './identity/forge.ts';
import { AWAY, HOME } from './identity/trust.ts';
import { refused } from './refused.ts';

const library = suite('daemon/spiffe');

const WEB = parseSpiffeId('spiffe://home.example/web');
const root = forgeRoot(HOME);
const leaf = forgeLeaf(root, WEB);
const key = openJwtAuthority(createJwtAuthority('ml-dsa-65'));
const text = JSON.stringify(encodeKeys([encodeX509Key(root.der), encodeJwtKey(key)], 60));
const bundles = new Map([[HOME, parseBundle(text, 'DEGRADED')]]);
const order = { spiffeId: WEB, audience: ['db'], now: NOW, notAfter: addMs(NOW, HOUR_MS) };
const token = issueJwtSvid(key, order);

library('verifies certificates and tokens, and says by what', async () => {
  const proven = { spiffeId: WEB, trustDomain: HOME, notAfter: NOW + HOUR_MS, tier: 'DEGRADED' };
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

library('refuses a text that is no bundle', async () => {
  for (const wrong of ['[]', '{}', '{"keys":[{}]}']) {
    await refused(() => parseBundle(wrong), 'bundle-malformed');
  }
  await refused(() => parseBundle('{"keys":[],"keys":[]}'), 'json-duplicate-key');
});

library.run();
