/** JWT-SVIDs: what we sign verifies, and every single thing wrong about one has its code. */

import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromBase64Url, fromUtf8, toBase64Url, toUtf8 } from '../../../core/bytes.ts';
import type { JsonObject } from '../../../core/canonical.ts';
import { digestOf } from '../../../core/digest.ts';
import type { RefusalCode } from '../../../core/refusal.ts';
import { parseSpiffeId, parseTrustDomain } from '../../../core/spiffe-id.ts';
import { addMs, unixMs } from '../../../core/time.ts';
import {
  createJwtAuthority,
  type JwtAuthority,
  openJwtAuthority,
} from '../../../daemon/identity/jwt-authority.ts';
import { issueJwtSvid, OVERRIDE_CLAIM } from '../../../daemon/identity/jwt-svid.ts';
import { parseJwtSvid, verifyJwtSvid } from '../../../daemon/identity/jwt-verify.ts';
import { refused } from '../refused.ts';
import { NOW } from './forge.ts';

const jwt = suite('daemon/identity/jwt-svid');

const HOME = parseTrustDomain('home.example');
const AWAY = parseTrustDomain('away.example');
const WEB = parseSpiffeId('spiffe://home.example/web');
const authority = openJwtAuthority(createJwtAuthority('ec-p256'));
const keys = new Map([[HOME, [authority as JwtAuthority]]]);
const order = { spiffeId: WEB, audience: ['db', 'cache'], now: NOW, notAfter: addMs(NOW, 300_000) };
const token = issueJwtSvid(authority, order);
const EXP = Math.floor(order.notAfter / 1000);

/** A token of any header and claims, signed by the authority or by `key`. */
function forge(header: JsonObject, claims: JsonObject, key = authority.key): string {
  const part = (value: JsonObject) => toBase64Url(toUtf8(JSON.stringify(value)));
  const signed = `${part(header)}.${part(claims)}`;
  const signature = sign('sha256', toUtf8(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${toBase64Url(signature)}`;
}
const HEADER = { alg: 'ES256', kid: authority.kid, typ: 'JWT' };
const CLAIMS = { sub: WEB, aud: ['db'], exp: EXP, iat: EXP - 300 };

jwt('name the override that allowed them', () => {
  const override = digestOf(toUtf8('two people said so'));
  const stamped = issueJwtSvid(authority, { ...order, override });
  const { claims } = verifyJwtSvid(stamped, 'db', keys, NOW);
  assert.is(claims[OVERRIDE_CLAIM], override);
});

jwt('verify for each audience they name, until their last second', async () => {
  const { spiffeId, notAfter, claims } = verifyJwtSvid(token, 'cache', keys, NOW);
  assert.is(spiffeId, WEB);
  assert.is(notAfter, order.notAfter);
  assert.equal({ ...claims }, { aud: ['db', 'cache'], exp: EXP, iat: EXP - 300, sub: WEB });
  const at = (ms: number) => verifyJwtSvid(token, 'db', keys, unixMs(ms));
  at(order.notAfter - 1);
  await refused(() => at(order.notAfter), 'jwt-expired');
  await refused(() => at(order.notAfter + 1_000), 'jwt-expired');
});

jwt('name their key by its thumbprint, and carry nothing beyond the standard', () => {
  const [header = '', claims = ''] = token.split('.');
  assert.equal(JSON.parse(fromUtf8(fromBase64Url(header))), HEADER);
  assert.equal(Object.keys(JSON.parse(fromUtf8(fromBase64Url(claims)))), [
    'aud',
    'exp',
    'iat',
    'sub',
  ]);
});

jwt('of ML-DSA-65 verify as well, and not with a key of another kind', async () => {
  const postQuantum = openJwtAuthority(createJwtAuthority('ml-dsa-65'));
  const signed = issueJwtSvid(postQuantum, order);
  const own = new Map([[HOME, [authority, postQuantum]]]);
  assert.is(verifyJwtSvid(signed, 'db', own, NOW).spiffeId, WEB);
  const renamed = new Map([[HOME, [{ ...authority, kid: postQuantum.kid }]]]);
  await refused(() => verifyJwtSvid(signed, 'db', renamed, NOW), 'jwt-signature');
});

jwt('take one audience as a text, and fractions of a second', () => {
  const one = forge(HEADER, { ...CLAIMS, aud: 'db', exp: EXP + 0.5 });
  assert.equal(parseJwtSvid(one).claims.aud, ['db']);
  verifyJwtSvid(one, 'db', keys, unixMs(EXP * 1000 + 400));
});

jwt('take a token of RSA, as partners may sign', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = pair.publicKey.export({ format: 'jwk' }) as JsonObject;
  const part = (value: JsonObject) => toBase64Url(toUtf8(JSON.stringify(value)));
  for (const alg of ['RS256', 'PS384']) {
    const signed = `${part({ alg, kid: 'r' })}.${part(CLAIMS)}`;
    const padding = alg === 'RS256' ? 1 : 6;
    const key = createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const hash = alg === 'RS256' ? 'sha256' : 'sha384';
    const made = `${signed}.${toBase64Url(sign(hash, toUtf8(signed), { key, padding }))}`;
    const rsa = new Map([[HOME, [{ kid: 'r', jwk }]]]);
    assert.is(verifyJwtSvid(made, 'db', rsa, NOW).spiffeId, WEB);
  }
});

const hmac = forge({ ...HEADER, alg: 'HS256' }, CLAIMS);
const unsigned = `${forge({ ...HEADER, alg: 'none' }, CLAIMS)
  .split('.')
  .slice(0, 2)
  .join('.')}.`;
const WRONG: readonly (readonly [string, RefusalCode, string])[] = [
  ['without kid', 'jwt-kid', forge({ alg: 'ES256' }, CLAIMS)],
  ['with an empty kid', 'jwt-kid', forge({ ...HEADER, kid: '' }, CLAIMS)],
  ['with alg none', 'jwt-algorithm', unsigned],
  ['with alg HS256', 'jwt-algorithm', hmac],
  ['without alg', 'jwt-algorithm', forge({ kid: 'x' }, CLAIMS)],
  [
    'with an algorithm that is not the key’s',
    'jwt-signature',
    forge({ ...HEADER, alg: 'ES384' }, CLAIMS),
  ],
  ['with another header', 'jwt-malformed', forge({ ...HEADER, jku: 'https://x' }, CLAIMS)],
  ['of another type', 'jwt-malformed', forge({ ...HEADER, typ: 'wit+jwt' }, CLAIMS)],
  ['for another audience', 'jwt-audience', forge(HEADER, { ...CLAIMS, aud: ['dbx'] })],
  ['without audience', 'jwt-malformed', forge(HEADER, { sub: WEB, exp: EXP })],
  ['with no audience in its list', 'jwt-malformed', forge(HEADER, { ...CLAIMS, aud: [] })],
  ['without exp', 'jwt-malformed', forge(HEADER, { sub: WEB, aud: ['db'] })],
  ['with exp as a text', 'jwt-malformed', forge(HEADER, { ...CLAIMS, exp: String(EXP) })],
  ['that begins later', 'jwt-expired', forge(HEADER, { ...CLAIMS, nbf: EXP - 1 })],
  ['without sub', 'jwt-malformed', forge(HEADER, { aud: ['db'], exp: EXP })],
  ['whose sub is no SPIFFE ID', 'jwt-malformed', forge(HEADER, { ...CLAIMS, sub: 'web' })],
  ['whose sub has no path', 'jwt-malformed', forge(HEADER, { ...CLAIMS, sub: `spiffe://${HOME}` })],
  ['of another domain', 'jwt-untrusted', forge(HEADER, { ...CLAIMS, sub: `spiffe://${AWAY}/web` })],
  ['by a key nobody knows', 'jwt-untrusted', forge({ ...HEADER, kid: 'other' }, CLAIMS)],
  ['of two segments', 'jwt-malformed', token.split('.').slice(0, 2).join('.')],
  ['of four segments', 'jwt-malformed', `${token}.x`],
  ['with padding', 'jwt-malformed', `${token}=`],
  ['that is empty', 'jwt-malformed', ''],
  ['that is endless', 'jwt-malformed', 'a'.repeat(20_000)],
];

for (const [sentence, code, wrong] of WRONG) {
  jwt(`are refused ${sentence}`, async () => {
    await refused(() => verifyJwtSvid(wrong, 'db', keys, NOW), code);
  });
}

jwt('are refused with any one bit of their signature changed', async () => {
  const [header, claims, signature = ''] = token.split('.');
  const bytes = fromBase64Url(signature);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = Uint8Array.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const wrong = `${header}.${claims}.${toBase64Url(changed)}`;
    await refused(() => verifyJwtSvid(wrong, 'db', keys, NOW), 'jwt-signature');
  }
});

jwt('are never signed with what is no such key', async () => {
  await refused(() => openJwtAuthority(new Uint8Array(48)), 'key-malformed');
  const { privateKey } = generateKeyPairSync('ed25519');
  const pkcs8 = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }));
  await refused(() => openJwtAuthority(pkcs8), 'key-malformed');
});

jwt.run();
