/** The primitives of a TPM's caller, against the runtime's own and against published vectors. */

import {
  constants,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  privateDecrypt,
  sign,
} from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromBase64Url, fromHex, toBase64Url, toUtf8 } from '../../core/bytes.ts';
import {
  type CurveName,
  coordinateBytes,
  decryptAesCfb,
  ecdhEphemeral,
  ecdhSeedBytes,
  encryptAesCfb,
  encryptRsaOaep,
  hashOf,
  hmacOf,
  verifyEcdsa,
  verifyRsa,
} from '../../core/ciphers.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { refused } from '../trouble.ts';

const ciphers = suite('core/ciphers');

const MESSAGE = toUtf8('a message');
const JWK_NAME = { p256: 'P-256', p384: 'P-384' } as const;
const CURVES: readonly CurveName[] = ['p256', 'p384'];

ciphers('hashes and authenticates parts as if they were one', () => {
  assert.equal(hashOf('sha256', toUtf8('a '), toUtf8('message')), hashOf('sha256', MESSAGE));
  // RFC 4231 §4.2
  const key = new Uint8Array(20).fill(0x0b);
  const tag = 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7';
  assert.equal(hmacOf('sha256', key, toUtf8('Hi '), toUtf8('There')), fromHex(tag));
});

ciphers('encrypts in CFB mode as SP 800-38A does', () => {
  // SP 800-38A §F.3.13, CFB128-AES128
  const key = fromHex('2b7e151628aed2a6abf7158809cf4f3c');
  const iv = fromHex('000102030405060708090a0b0c0d0e0f');
  const bytes = fromHex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51');
  const hidden = encryptAesCfb({ key, iv, bytes });
  const expected = '3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b';
  assert.equal(hidden, fromHex(expected));
  assert.equal(decryptAesCfb({ key, iv, bytes: hidden }), bytes);
});

ciphers('agrees with the holder of the other key', () => {
  for (const curve of CURVES) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: JWK_NAME[curve] });
    const seed = new Uint8Array(ecdhSeedBytes(curve)).fill(7);
    const { ephemeral, sharedX } = ecdhEphemeral(curve, pointOf(publicKey), seed);
    assert.equal(ecdhEphemeral(curve, pointOf(publicKey), seed).ephemeral, ephemeral);
    const ours = createPublicKey({
      key: {
        kty: 'EC',
        crv: JWK_NAME[curve],
        x: toBase64Url(ephemeral.x),
        y: toBase64Url(ephemeral.y),
      },
      format: 'jwk',
    });
    assert.equal(sharedX, new Uint8Array(diffieHellman({ privateKey, publicKey: ours })));
  }
});

ciphers('refuses to agree with a point that is not on the curve', async () => {
  for (const curve of CURVES) {
    const seed = new Uint8Array(ecdhSeedBytes(curve)).fill(1);
    const size = coordinateBytes(curve);
    for (const fill of [0, 1, 0xff]) {
      const off = { x: new Uint8Array(size).fill(fill), y: new Uint8Array(size).fill(fill) };
      await refused(() => ecdhEphemeral(curve, off, seed), 'key-malformed');
    }
  }
});

ciphers('verifies ECDSA, and nothing that was changed', () => {
  for (const curve of CURVES) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: JWK_NAME[curve] });
    const size = coordinateBytes(curve);
    const both = sign('sha256', MESSAGE, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const check = {
      curve,
      publicPoint: pointOf(publicKey),
      hash: 'sha256',
      message: MESSAGE,
      r: new Uint8Array(both.subarray(0, size)),
      s: new Uint8Array(both.subarray(size)),
    } as const;
    assert.ok(verifyEcdsa(check));
    assert.not(verifyEcdsa({ ...check, message: toUtf8('another') }));
    assert.not(verifyEcdsa({ ...check, r: check.s, s: check.r }));
    assert.not(verifyEcdsa({ ...check, r: concat(Uint8Array.of(0), check.r) }));
    assert.not(verifyEcdsa({ ...check, s: new Uint8Array(size) }));
    assert.not(verifyEcdsa({ ...check, publicPoint: { x: check.r, y: check.s } }));
  }
});

ciphers('encrypts by OAEP what the holder of the key decrypts', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  assert.is(e, 'AQAB');
  const key = { modulus: fromBase64Url(n), exponent: 65_537 };
  const label = toUtf8('SECRET\0');
  for (const hash of ['sha256', 'sha384'] as const) {
    const seed = new Uint8Array(hashOf(hash).length).fill(9);
    const input = { publicKey: key, hash, label, message: MESSAGE, seed };
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const opened = privateDecrypt(
      { key: privateKey, padding, oaepHash: hash, oaepLabel: label },
      encryptRsaOaep(input),
    );
    assert.equal(new Uint8Array(opened), MESSAGE);
    const long = { ...input, message: new Uint8Array(256) };
    await refused(() => encryptRsaOaep(long), 'key-malformed');
  }
  for (const [padding, name] of [
    [constants.RSA_PKCS1_PADDING, 'pkcs1'],
    [constants.RSA_PKCS1_PSS_PADDING, 'pss'],
  ] as const) {
    const signature = new Uint8Array(sign('sha256', MESSAGE, { key: privateKey, padding }));
    const check = { publicKey: key, padding: name, hash: 'sha256', message: MESSAGE } as const;
    assert.ok(verifyRsa({ ...check, signature }));
    assert.not(verifyRsa({ ...check, signature: signature.subarray(1) }));
    assert.not(verifyRsa({ ...check, signature: signature.map((b, i) => (i === 9 ? b ^ 1 : b)) }));
  }
});

ciphers('refuses RSA keys that are none, and verifies nothing by them', () => {
  const hash = 'sha256';
  const seed = new Uint8Array(32);
  for (const modulus of [
    new Uint8Array(),
    new Uint8Array(256),
    Uint8Array.of(0, ...new Uint8Array(255).fill(255)),
    new Uint8Array(256).fill(254),
    new Uint8Array(4_096).fill(255),
  ]) {
    for (const exponent of [0, 1, 2, 65_537, 0xffff_ffff]) {
      const publicKey = { modulus, exponent };
      const signature = new Uint8Array(modulus.length).fill(1);
      for (const padding of ['pkcs1', 'pss'] as const) {
        assert.not(verifyRsa({ publicKey, padding, hash, message: MESSAGE, signature }));
      }
      const input = { publicKey, hash, label: MESSAGE, message: MESSAGE, seed } as const;
      encryptedOrRefused(() => encryptRsaOaep(input));
    }
  }
});

/** OpenSSL takes some moduli that no honest key has; it may, as long as nothing else is thrown. */
function encryptedOrRefused(attempt: () => Uint8Array): void {
  const outcome = refusalOf(attempt);
  if (outcome instanceof Refusal) assert.is(outcome.code, 'key-malformed');
}

function pointOf(publicKey: ReturnType<typeof createPublicKey>) {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { x: fromBase64Url(x), y: fromBase64Url(y) };
}

ciphers.run();
