/** The classical leg: two implementations, one verdict, strict where the field is not. */

import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromHex, toHex, toUtf8 } from '../../core/bytes.ts';
import { ed25519Native } from '../../core/ed25519.ts';
import { ed25519Portable } from '../../core/ed25519-portable.ts';
import { craft, smallOrderPoints, withSurplusOrder } from './curve.ts';

const ed25519 = suite('core/ed25519');

const LEGS = [ed25519Native, ed25519Portable];
const SEED = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
const MESSAGE = toUtf8('a message');

/** The one verdict of both implementations. */
function verdict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const check = { publicKey, message, context: '', signature };
  const [native, portable] = LEGS.map((leg) => leg.verify(check));
  assert.is(native, portable, `key ${toHex(publicKey)}, signature ${toHex(signature)}`);
  return native === true;
}

ed25519('derives the key and the signature of RFC 8032 §7.1', () => {
  for (const leg of LEGS) {
    const key = leg.open(SEED);
    const publicKey = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
    assert.is(toHex(key.publicKey), publicKey);
    const signature =
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b';
    assert.is(toHex(key.sign(new Uint8Array(), '')), signature);
  }
});

ed25519('signs alike in both implementations', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array(),
      (seed, message) => {
        const [native, portable] = LEGS.map((leg) => leg.open(seed));
        assert.equal(native?.publicKey, portable?.publicKey);
        assert.equal(native?.sign(message, ''), portable?.sign(message, ''));
      },
    ),
    { numRuns: 20 },
  );
});

ed25519('leaves what it judges as it was, though a Buffer holds it', () => {
  for (let i = 0; i < 16; i++) {
    const { publicKey, sign } = ed25519Native.open(Uint8Array.from(SEED, (octet) => octet ^ i));
    const [key, signature] = [Buffer.from(publicKey), Buffer.from(sign(MESSAGE, ''))];
    assert.is(verdict(key, MESSAGE, signature), true);
    assert.is(verdict(key, MESSAGE, signature), true, 'and once more');
    assert.equal([toHex(key), toHex(signature)], [toHex(publicKey), toHex(sign(MESSAGE, ''))]);
  }
});

ed25519('refuses a signature with any one bit turned', () => {
  const key = ed25519Native.open(SEED);
  const signature = key.sign(MESSAGE, '');
  assert.is(verdict(key.publicKey, MESSAGE, signature), true);
  for (let bit = 0; bit < 512; bit += 17) {
    const turned = signature.slice();
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is(verdict(key.publicKey, MESSAGE, turned), false);
  }
});

ed25519('answers false for wrong sizes, and throws nothing', () => {
  const key = ed25519Native.open(SEED);
  const signature = key.sign(MESSAGE, '');
  for (const size of [0, 31, 33]) {
    assert.is(verdict(new Uint8Array(size).fill(7), MESSAGE, signature), false);
  }
  for (const size of [0, 63, 65]) {
    const wrong = new Uint8Array(size);
    wrong.set(signature.subarray(0, size));
    assert.is(verdict(key.publicKey, MESSAGE, wrong), false);
  }
});

ed25519('answers alike for any 32 bytes as a key', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      (publicKey, signature) => assert.is(verdict(publicKey, MESSAGE, signature), false),
    ),
    { numRuns: 100 },
  );
});

ed25519('refuses S + L, which satisfies the equation as well', () => {
  const key = ed25519Native.open(SEED);
  const signature = key.sign(MESSAGE, '');
  assert.is(verdict(key.publicKey, MESSAGE, withSurplusOrder(signature)), false);
});

ed25519('refuses keys of small order, with which one signature fits many messages', () => {
  for (const publicKey of smallOrderPoints()) {
    for (const sign of [0, 0x80]) {
      const key = publicKey.slice();
      key[31] = (key[31] ?? 0) | sign;
      for (let i = 0; i < 8; i++) {
        const { signature } = craft({
          secret: 1n,
          nonce: 5n,
          message: MESSAGE,
          keyTorsion: 0n,
          nonceTorsion: BigInt(i),
        });
        assert.is(verdict(key, MESSAGE, signature), false);
      }
      // R = A and S = 0: the equation holds wherever h·A = −A.
      assert.is(verdict(key, MESSAGE, concat(publicKey, new Uint8Array(32))), false);
    }
  }
});

ed25519('refuses points that are not in canonical form', () => {
  const key = ed25519Native.open(SEED);
  const signature = key.sign(MESSAGE, '');
  // y from p to 2^255 − 1, either sign: 38 second spellings of small y.
  for (let low = 0xed; low <= 0xff; low++) {
    for (const high of [0x7f, 0xff]) {
      const point = new Uint8Array(32).fill(0xff);
      point[0] = low;
      point[31] = high;
      assert.is(verdict(point, MESSAGE, signature), false);
      assert.is(verdict(key.publicKey, MESSAGE, concat(point, signature.subarray(32))), false);
    }
  }
});

ed25519('judges keys and nonces of mixed order by the equation without the cofactor', () => {
  const seen = { true: 0, false: 0 };
  for (let keyTorsion = 0n; keyTorsion < 8n; keyTorsion++) {
    for (let nonceTorsion = 0n; nonceTorsion < 8n; nonceTorsion++) {
      for (const secret of [3n, 2n ** 200n + 7n]) {
        const recipe = { secret, nonce: 2n ** 190n + nonceTorsion, keyTorsion, nonceTorsion };
        const { publicKey, signature, holds } = craft({ ...recipe, message: MESSAGE });
        assert.is(verdict(publicKey, MESSAGE, signature), holds);
        seen[holds ? 'true' : 'false'] += 1;
      }
    }
  }
  assert.ok(seen.true > 5 && seen.false > 60, JSON.stringify(seen));
});

ed25519.run();
