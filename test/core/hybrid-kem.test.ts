/** The hybrid KEM: one secret for two halves, and none where either half or the key is another. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import {
  decapsulate,
  encapsulateTo,
  KEM_CIPHERTEXT_BYTES,
  KEM_KEY_BYTES,
  kemKeyOf,
} from '../../core/hybrid-kem.ts';
import { refuses } from '../refused.ts';

const kem = suite('core/hybrid-kem');

const drawn = (seed: number, blocks: number): Uint8Array =>
  concat(...Array.from({ length: blocks }, (_, i) => sha256(Uint8Array.of(seed, i))));
const SEED = drawn(1, 3);
const RANDOM = drawn(2, 2);

kem('gives both sides one secret, the same for the same randomness', () => {
  const key = kemKeyOf(SEED);
  assert.is(key.length, KEM_KEY_BYTES);
  const { ciphertext, secret } = encapsulateTo(key, RANDOM);
  assert.is(ciphertext.length, KEM_CIPHERTEXT_BYTES);
  assert.equal(decapsulate(SEED, ciphertext), secret);
  assert.equal(encapsulateTo(key, RANDOM).secret, secret);
  assert.not.equal(encapsulateTo(key, drawn(3, 2)).secret, secret);
});

kem('gives nobody the secret by another key, or by one half of the ciphertext', () => {
  const { ciphertext, secret } = encapsulateTo(kemKeyOf(SEED), RANDOM);
  const other = encapsulateTo(kemKeyOf(SEED), drawn(3, 2)).ciphertext;
  assert.not.equal(decapsulate(drawn(4, 3), ciphertext), secret);
  for (const mixed of [
    concat(other.subarray(0, 32), ciphertext.subarray(32)),
    concat(ciphertext.subarray(0, 32), other.subarray(32)),
  ]) {
    assert.not.equal(decapsulate(SEED, mixed), secret);
  }
});

kem('refuses keys and ciphertexts that are none', () => {
  const key = kemKeyOf(SEED);
  refuses('key-malformed', () => encapsulateTo(key.subarray(1), RANDOM));
  const nowhere = concat(new Uint8Array(32), key.subarray(32));
  refuses('key-malformed', () => encapsulateTo(nowhere, RANDOM));
  const beyond = concat(key.subarray(0, 32), new Uint8Array(1_184).fill(255));
  refuses('key-malformed', () => encapsulateTo(beyond, RANDOM));
  refuses('key-malformed', () => decapsulate(SEED, new Uint8Array(KEM_CIPHERTEXT_BYTES)));
  refuses('key-malformed', () => decapsulate(SEED, key));
});

kem.run();
