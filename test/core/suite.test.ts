/** The hybrid pair: it verifies whole or not at all, whichever implementation made or judges it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../core/assert.ts';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { portableSuite } from '../../core/portable-suite.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import {
  ED25519_KEY_BYTES,
  ED25519_SIGNATURE_BYTES,
  keyIdOf,
  ML_DSA_65_KEY_BYTES,
  nativeSuite,
  type PairCheck,
  SEED_PAIR_BYTES,
  SIGNATURE_PAIR_BYTES,
} from '../../core/suite.ts';

const hybrid = suite('core/suite');

const SUITES = [nativeSuite, portableSuite];
const seeds = (fill: number): Uint8Array => new Uint8Array(SEED_PAIR_BYTES).fill(fill);
const CONTEXT = 'holdfast/test/v1';
const MESSAGE = toUtf8('a message');

const signer = nativeSuite.openSigner(seeds(1));
const other = nativeSuite.openSigner(seeds(2));
const GOOD: PairCheck = {
  publicPair: signer.publicPair,
  message: MESSAGE,
  context: CONTEXT,
  signature: signer.sign(MESSAGE, CONTEXT),
};

/** The one verdict of both suites. */
function verdict(change: Partial<PairCheck>): boolean {
  const [native, portable] = SUITES.map((each) => each.verify({ ...GOOD, ...change }));
  assert.is(native, portable);
  return native === true;
}

hybrid('takes what either implementation signed, in either', () => {
  for (const each of SUITES) {
    const opened = each.openSigner(seeds(1));
    assert.equal(opened.publicPair, signer.publicPair);
    assert.is(opened.keyId, signer.keyId);
    assert.is(verdict({ signature: opened.sign(MESSAGE, CONTEXT) }), true);
  }
});

hybrid('has the sizes that the wire formats name', () => {
  assert.is(GOOD.signature.length, SIGNATURE_PAIR_BYTES);
  assert.is(signer.publicPair.ed25519.length, ED25519_KEY_BYTES);
  assert.is(signer.publicPair.mlDsa65.length, ML_DSA_65_KEY_BYTES);
  assert.throws(
    () => nativeSuite.openSigner(new Uint8Array(SEED_PAIR_BYTES - 1)),
    (error: unknown) => error instanceof Bug,
  );
});

hybrid('refuses a pair with one bad leg', () => {
  for (const at of [0, ED25519_SIGNATURE_BYTES - 1, ED25519_SIGNATURE_BYTES, 1_000]) {
    const signature = GOOD.signature.slice();
    signature[at] = (signature[at] ?? 0) ^ 1;
    assert.is(verdict({ signature }), false, `byte ${at}`);
  }
});

hybrid('refuses a pair with a leg of another signer', () => {
  const cut = ED25519_SIGNATURE_BYTES;
  const theirs = other.sign(MESSAGE, CONTEXT);
  const mixed = [
    concat(GOOD.signature.subarray(0, cut), theirs.subarray(cut)),
    concat(theirs.subarray(0, cut), GOOD.signature.subarray(cut)),
  ];
  for (const signature of mixed) assert.is(verdict({ signature }), false);
  const { ed25519, mlDsa65 } = other.publicPair;
  assert.is(verdict({ publicPair: { ...signer.publicPair, ed25519 } }), false);
  assert.is(verdict({ publicPair: { ...signer.publicPair, mlDsa65 } }), false);
});

hybrid('refuses swapped, stripped, doubled and absent legs', () => {
  const first = GOOD.signature.subarray(0, ED25519_SIGNATURE_BYTES);
  const second = GOOD.signature.subarray(ED25519_SIGNATURE_BYTES);
  const zeros = new Uint8Array(SIGNATURE_PAIR_BYTES);
  const wrong = [concat(second, first), first, second, concat(first, first, second), zeros];
  for (const signature of [...wrong, concat(GOOD.signature, zeros.subarray(0, 1))]) {
    assert.is(verdict({ signature }), false, `${signature.length} bytes`);
  }
  assert.is(verdict({ signature: new Uint8Array() }), false);
});

hybrid('refuses another message and another context', () => {
  assert.is(verdict({}), true);
  assert.is(verdict({ message: toUtf8('another message') }), false);
  assert.is(verdict({ message: new Uint8Array() }), false);
  for (const context of ['', 'holdfast/test/v2', `${CONTEXT}\0`]) {
    assert.is(verdict({ context }), false);
  }
});

hybrid('answers false for a context that no signature can have', () => {
  assert.is(verdict({ context: 'x'.repeat(256) }), false);
  assert.is(verdict({ context: '\ud800' }), false);
  const longest = 'x'.repeat(255);
  assert.is(verdict({ context: longest, signature: signer.sign(MESSAGE, longest) }), true);
});

hybrid('answers false for malformed keys', () => {
  const { ed25519, mlDsa65 } = signer.publicPair;
  const pairs = [
    { ed25519: ed25519.subarray(1), mlDsa65 },
    { ed25519, mlDsa65: mlDsa65.subarray(1) },
    { ed25519, mlDsa65: new Uint8Array(mlDsa65.length).fill(0xff) },
    { ed25519: new Uint8Array(ed25519.length).fill(0xff), mlDsa65 },
    { ed25519: new Uint8Array(), mlDsa65: new Uint8Array() },
  ];
  for (const publicPair of pairs) assert.is(verdict({ publicPair }), false);
});

hybrid('hedges: the post-quantum leg of two signatures over one message differs', () => {
  for (const each of SUITES) {
    const opened = each.openSigner(seeds(3));
    const [one, two] = [opened.sign(MESSAGE, CONTEXT), opened.sign(MESSAGE, CONTEXT)];
    assert.equal(one.subarray(0, 64), two.subarray(0, 64));
    assert.not.equal(one.subarray(64), two.subarray(64));
  }
});

hybrid('names a pair by both of its keys', () => {
  const { ed25519, mlDsa65 } = signer.publicPair;
  assert.is(signer.keyId, keyIdOf(signer.publicPair));
  const others = [
    keyIdOf({ ed25519: other.publicPair.ed25519, mlDsa65 }),
    keyIdOf({ ed25519, mlDsa65: other.publicPair.mlDsa65 }),
    other.keyId,
  ];
  assert.is(new Set([signer.keyId, ...others]).size, 4);
});

hybrid('runs natively on the runtime that the project pins', () => {
  assert.is(runtimeSuite().name, 'native');
});

hybrid.run();
