/** KDFa and KDFe against their definitions, written out longhand. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../core/assert.ts';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { hashOf, hmacOf } from '../../core/ciphers.ts';
import { kdfa, kdfe } from '../../firmware/tpm-kdf.ts';

const kdf = suite('firmware/tpm-kdf');

const KEY = toUtf8('a key');
const U = toUtf8('one side');
const V = toUtf8('other side');
const ONE = Uint8Array.of(0, 0, 0, 1);
const TWO = Uint8Array.of(0, 0, 0, 2);

kdf('counts blocks of KDFa from one, and ends its label with a zero', () => {
  const bits = Uint8Array.of(0, 0, 1, 128);
  const tail = concat(toUtf8('ATH'), Uint8Array.of(0), U, V, bits);
  const expected = concat(
    hmacOf('sha256', KEY, ONE, tail),
    hmacOf('sha256', KEY, TWO, tail).subarray(0, 16),
  );
  const input = { hash: 'sha256', key: KEY, label: 'ATH', contextU: U, contextV: V } as const;
  assert.equal(kdfa({ ...input, bits: 384 }), expected);
});

kdf('makes the length part of what KDFa derives', () => {
  const input = { hash: 'sha256', key: KEY, label: 'ATH', contextU: U, contextV: V } as const;
  assert.not.equal(kdfa({ ...input, bits: 128 }), kdfa({ ...input, bits: 256 }).subarray(0, 16));
});

kdf('counts blocks of KDFe from one, and ends its label with a zero', () => {
  const tail = concat(KEY, toUtf8('IDENTITY'), Uint8Array.of(0), U, V);
  const expected = concat(hashOf('sha256', ONE, tail), hashOf('sha256', TWO, tail).subarray(0, 16));
  const input = { hash: 'sha256', sharedX: KEY, label: 'IDENTITY', partyU: U, partyV: V } as const;
  assert.equal(kdfe({ ...input, bits: 384 }), expected);
});

kdf('derives whole bytes alone', () => {
  const input = { hash: 'sha256', key: KEY, label: 'ATH', contextU: U, contextV: V } as const;
  for (const bits of [0, 7, 129]) {
    assert.throws(
      () => kdfa({ ...input, bits }),
      (e: unknown) => e instanceof Bug,
    );
  }
});

kdf.run();
