/** SPIFFE bundles, ours and others’, judged by the standard and by go-spiffe’s own files. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../../core/bytes.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../../../core/canonical.ts';
import { AUTHORITIES_MAX } from '../../../core/limits.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { createJwtAuthority, openJwtAuthority } from '../../../daemon/identity/jwt-authority.ts';
import {
  encodeJwks,
  encodeJwtKey,
  encodeKeys,
  encodeX509Key,
  parseSpiffeBundle,
  REFRESH_HINT_SECONDS_DEFAULT,
} from '../../../daemon/identity/spiffe-bundle.ts';
import { createX509Authority } from '../../../daemon/identity/x509-authority.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { ROOT } from '../../root.ts';
import { skip } from '../../skip.ts';
import { refused } from '../refused.ts';
import { forgeRoot, NOW } from './forge.ts';

const bundles = suite('daemon/identity/spiffe-bundle');

const HOME = parseTrustDomain('home.example');
const first = forgeRoot(HOME).der;
const second = forgeRoot(HOME).der;
const written: JsonObject = {
  ...encodeKeys([encodeX509Key(first), encodeX509Key(second)], 60),
  spiffe_sequence: 7,
};
const [key, otherKey] = written.keys as readonly [JsonObject, JsonObject];
const withKeys = (...keys: readonly Json[]): JsonObject => ({ keys });
const without = (object: JsonObject, member: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== member));
const jwt = { ...without(key, 'x5c'), use: 'jwt-svid', kid: 'K1' };

bundles('reads back what it wrote', () => {
  const bundle = parseSpiffeBundle(written);
  assert.equal(bundle.x509Authorities.map(toHex), [first, second].map(toHex));
  assert.equal(bundle.jwtAuthorities, []);
  assert.is(bundle.sequence, 7n);
  assert.is(bundle.refreshHintSeconds, 60);
});

bundles('writes the members the standard asks for, and no kid', () => {
  assert.equal(Object.keys(key).sort(), ['crv', 'kty', 'use', 'x', 'x5c', 'y']);
  assert.equal([key.kty, key.crv, key.use], ['EC', 'P-256', 'x509-svid']);
});

bundles(
  'keeps keys of ML-DSA-65 in a member of its own, where SPIFFE libraries do not look',
  () => {
    const random = new SeededRandom('bundle');
    const { certificateDer } = createX509Authority(HOME, NOW, random, 'ml-dsa-65');
    const mlDsa65 = openJwtAuthority(createJwtAuthority('ml-dsa-65'));
    const es256 = openJwtAuthority(createJwtAuthority('ec-p256'));
    const both = encodeKeys(
      [
        encodeX509Key(first),
        encodeJwtKey(es256),
        encodeX509Key(certificateDer),
        encodeJwtKey(mlDsa65),
      ],
      60,
    );
    assert.not.match(JSON.stringify(both.keys), /AKP/);
    const bundle = parseSpiffeBundle(both);
    assert.equal(bundle.jwtAuthorities, [{ kid: es256.kid, jwk: es256.jwk }]);
    assert.equal(bundle.mlDsa65.x509Authorities.map(toHex), [toHex(certificateDer)]);
    assert.equal(bundle.mlDsa65.jwtAuthorities, [{ kid: mlDsa65.kid, jwk: mlDsa65.jwk }]);
  },
);

bundles('writes JWK Sets of keys alone', () => {
  const { kid, jwk } = openJwtAuthority(createJwtAuthority('ec-p256'));
  const [only] = encodeJwks([{ kid, jwk }]).keys as readonly JsonObject[];
  assert.equal(Object.keys(only ?? {}).sort(), ['crv', 'kid', 'kty', 'x', 'y']);
});

bundles('takes an empty list of keys as the revocation of all', () => {
  const bundle = parseSpiffeBundle(withKeys());
  assert.equal(bundle.x509Authorities, []);
  assert.is(bundle.sequence, null);
  assert.is(bundle.refreshHintSeconds, REFRESH_HINT_SECONDS_DEFAULT);
});

bundles('passes by keys of an unknown use or type, and unknown members', () => {
  const bundle = parseSpiffeBundle({
    ...withKeys(key, { ...otherKey, use: 'wit-svid' }, without(otherKey, 'use'), {
      kty: 'AKP',
      use: 'x509-svid',
    }),
    epoch: '12',
  });
  assert.is(bundle.x509Authorities.length, 1);
});

bundles('passes by an x509 key without x5c, and takes the first certificate of many', () => {
  assert.is(parseSpiffeBundle(withKeys(key, without(otherKey, 'x5c'))).x509Authorities.length, 1);
  const [text] = key.x5c as readonly Json[];
  const [otherText] = otherKey.x5c as readonly Json[];
  const bundle = parseSpiffeBundle(withKeys({ ...key, x5c: [text ?? '', otherText ?? ''] }));
  assert.equal(bundle.x509Authorities.map(toHex), [toHex(first)]);
});

bundles('reads JWT keys by their kid', () => {
  assert.equal(
    parseSpiffeBundle(withKeys(jwt)).jwtAuthorities.map(({ kid }) => kid),
    ['K1'],
  );
});

const WRONG: readonly (readonly [string, JsonObject])[] = [
  ['without keys', {}],
  ['whose keys are no list', { keys: {} }],
  ['with a key that is no object', withKeys('key')],
  ['with no usable key', withKeys({ ...key, use: 'wit-svid' })],
  ['whose only key has no x5c', withKeys(without(key, 'x5c'))],
  ['with an empty x5c', withKeys({ ...key, x5c: [] })],
  ['with an x5c that is no certificate', withKeys({ ...key, x5c: ['AAAA'] })],
  ['with an x5c that is no base64', withKeys({ ...key, x5c: ['@@@@'] })],
  ['with a certificate of another key', withKeys({ ...key, x5c: otherKey.x5c ?? [] })],
  ['with a point that is not on the curve', withKeys({ ...key, x: key.y ?? '' })],
  ['with a JWT key that has no kid', withKeys(without(jwt, 'kid'))],
  ['with two JWT keys of one kid', withKeys(jwt, jwt)],
  ['with a negative sequence', { ...written, spiffe_sequence: -1 }],
  ['with a refresh hint that is no integer', { ...written, spiffe_refresh_hint: '60' }],
  ['with too many keys', withKeys(...Array.from({ length: AUTHORITIES_MAX + 1 }, () => key))],
];

for (const [sentence, bundle] of WRONG) {
  bundles(`refuses a bundle ${sentence}`, async () => {
    await refused(() => parseSpiffeBundle(bundle), 'bundle-malformed');
  });
}

const VECTORS = join(
  process.env.HOLDFAST_VECTORS ?? join(ROOT, '../shared/vectors'),
  'spiffe/spiffebundle',
);
/** [X.509 authorities, JWT authorities], or refused. */
const VERDICTS: Readonly<Record<string, readonly [number, number] | 'refused'>> = {
  'spiffebundle_valid_1.json': [1, 1],
  'spiffebundle_valid_2.json': [1, 6],
  'spiffebundle_valid_with_wit.json': [1, 2],
  // go-spiffe refuses this one; the standard has the first certificate taken (§4.2.2).
  'spiffebundle_multiple_x509.json': [1, 1],
  'spiffebundle_missing_kid.json': 'refused',
  'spiffebundle_no_keys.json': 'refused',
};

for (const [name, verdict] of Object.entries(VERDICTS)) {
  const sentence = `judges ${name} by the standard`;
  if (!existsSync(join(VECTORS, name))) {
    skip(`daemon/identity/spiffe-bundle › ${sentence}`, 'no vectors');
    continue;
  }
  bundles(sentence, async () => {
    const json = parseJson(new Uint8Array(readFileSync(join(VECTORS, name))));
    const value = isObject(json) ? json : {};
    if (verdict === 'refused') {
      await refused(() => parseSpiffeBundle(value), 'bundle-malformed');
      return;
    }
    const { x509Authorities, jwtAuthorities } = parseSpiffeBundle(value);
    assert.equal([x509Authorities.length, jwtAuthorities.length], verdict);
  });
}

bundles.run();
