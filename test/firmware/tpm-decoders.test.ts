/** Decoders of TPM structures: what they refuse, and that they refuse everything else by a code. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromHex, Reader, Writer } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import { Refusal } from '../../core/refusal.ts';
import { decodeAnswer, decodeHeader, splitSized } from '../../firmware/tpm-command.ts';
import { TPMA_OBJECT } from '../../firmware/tpm-constants.ts';
import { decodePublic, hasAttribute } from '../../firmware/tpm-public.ts';
import {
  encodeEcdsa,
  encodePcrSelections,
  readPcrSelections,
  readSignature,
  readSized,
  readTicket,
  readYesNo,
  sized,
} from '../../firmware/tpm-structures.ts';
import {
  AK_P256,
  EK_ECC_P384,
  EK_RSA_2048,
  externalKeyP256,
  SRK_P256,
  sealedSecret,
  signingKeyP256,
} from '../../firmware/tpm-templates.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { refused } from '../trouble.ts';

const decoders = suite('firmware/tpm-decoders');

const POINT = { x: new Uint8Array(32).fill(1), y: new Uint8Array(32).fill(2) };
const POLICY = { kind: 'policy', policy: new Uint8Array(32) } as const;
const TEMPLATES = [
  SRK_P256,
  AK_P256,
  EK_RSA_2048,
  EK_ECC_P384,
  externalKeyP256(POINT),
  sealedSecret(POLICY),
  signingKeyP256(POLICY),
];

decoders('names a public area by its digest', () => {
  for (const template of TEMPLATES) {
    const { name, nameHash, raw } = decodePublic(template);
    assert.equal(raw, template);
    assert.equal(name.subarray(2), hashOf(nameHash, template));
  }
});

decoders('sets noDA on all that we design, and userWithAuth never beside a policy', () => {
  const ours = [SRK_P256, AK_P256, sealedSecret(POLICY), signingKeyP256(POLICY)];
  for (const key of [...ours, sealedSecret({ kind: 'auth' })].map(decodePublic)) {
    assert.ok(hasAttribute(key, 'NO_DA'));
    assert.is(hasAttribute(key, 'USER_WITH_AUTH'), key.policy.length === 0);
  }
});

decoders('refuses public areas of kinds, hashes and curves that we do not use', async () => {
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = AK_P256.slice();
    bytes.set([value >> 8, value & 0xff], at);
    return bytes;
  };
  const cases: readonly [string, Uint8Array][] = [
    ['a symmetric cipher key', changed(0, 0x25)],
    ['a name over SHA-1', changed(2, 0x04)],
    ['a name over no hash', changed(2, 0x10)],
    ['the scheme ECDAA', changed(12, 0x1a)],
    ['the curve P-521', changed(16, 0x05)],
  ];
  for (const [, bytes] of cases) await refused(() => decodePublic(bytes), 'tpm-malformed');
  await refused(() => decodePublic(concat(AK_P256, Uint8Array.of(0))), 'trailing-bytes');
  await refused(() => decodePublic(AK_P256.subarray(0, -1)), 'truncated');
});

decoders('bounds a coordinate by its curve', async () => {
  const long = concat(AK_P256.subarray(0, -4), sized(new Uint8Array(33)), sized(POINT.y));
  await refused(() => decodePublic(long), 'too-large');
});

decoders('reads back the PCR selection it wrote', () => {
  const pcrs = [0, 7, 8, 15, 16, 23];
  const bytes = encodePcrSelections([{ bank: 'sha384', pcrs }]);
  assert.equal(bytes, fromHex('00000001000c03818181'));
  const reader = new Reader(bytes);
  assert.equal(readPcrSelections(reader), [{ alg: 0x0c, pcrs }]);
  reader.end();
});

decoders('bounds lists of selections and their bitmaps', async () => {
  const many = new Writer().u32(17).finish();
  await refused(() => readPcrSelections(new Reader(many)), 'too-large');
  const wide = new Writer().u32(1).u16(0x0b).u8(33).raw(new Uint8Array(33)).finish();
  await refused(() => readPcrSelections(new Reader(wide)), 'too-large');
});

decoders('reads a signature, and refuses other schemes', async () => {
  const bytes = encodeEcdsa('sha256', POINT.x, POINT.y);
  const { x: r, y: s } = POINT;
  assert.equal(readSignature(new Reader(bytes)), { kind: 'ecdsa', hash: 'sha256', r, s });
  for (const alg of [0x10, 0x1a, 0x05]) {
    const other = new Writer().u16(alg).raw(bytes.subarray(2)).finish();
    await refused(() => readSignature(new Reader(other)), 'tpm-malformed');
  }
});

decoders('takes 0 and 1 alone for no and yes', async () => {
  assert.equal(
    [0, 1].map((byte) => readYesNo(new Reader(Uint8Array.of(byte)))),
    [false, true],
  );
  for (const byte of [2, 255]) {
    await refused(() => readYesNo(new Reader(Uint8Array.of(byte))), 'tpm-malformed');
  }
});

decoders('takes sized buffers of the limit and refuses one byte more', async () => {
  assert.is(readSized(new Reader(sized(new Uint8Array(64))), 64).length, 64);
  await refused(() => readSized(new Reader(sized(new Uint8Array(65))), 64), 'too-large');
});

decoders('keeps each attribute in a bit of its own', () => {
  const bits = Object.values(TPMA_OBJECT);
  assert.is(new Set(bits).size, bits.length);
  for (const bit of bits) assert.is(Math.log2(bit) % 1, 0);
});

decoders('refuses 100,000 mutated inputs by codes alone', () => {
  const random = new SeededRandom('firmware/tpm-decoders');
  const answer = answerWithSessions();
  const ticket = new Writer().u16(0x8022).u32(0x4000_0001).raw(sized(POINT.x)).finish();
  const selection = encodePcrSelections([{ bank: 'sha256', pcrs: [1, 2] }]);
  const targets: readonly Target[] = [
    ...TEMPLATES.map((seed): Target => ({ seed, decode: decodePublic })),
    { seed: answer, decode: decodeWhole },
    { seed: sized(POINT.x), decode: splitSized },
    { seed: encodeEcdsa('sha256', POINT.x, POINT.y), decode: (b) => readSignature(new Reader(b)) },
    { seed: ticket, decode: (b) => readTicket(new Reader(b), 0x8022) },
    { seed: selection, decode: (b) => readPcrSelections(new Reader(b)) },
  ];
  let refusals = 0;
  for (let i = 0; i < 100_000; i++) {
    const target = targets[i % targets.length];
    try {
      target?.decode(mutated(target.seed, random));
    } catch (error) {
      assert.ok(error instanceof Refusal, `input ${i}: ${String(error)}`);
      refusals++;
    }
  }
  assert.ok(refusals > 10_000);
});

interface Target {
  readonly seed: Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

function decodeWhole(bytes: Uint8Array): unknown {
  const { tag, body } = decodeHeader(bytes);
  return decodeAnswer(tag, body, 2);
}

/** Some bytes changed, perhaps cut short, perhaps grown. */
function mutated(seed: Uint8Array, random: SeededRandom): Uint8Array {
  const dice = random.bytes(16);
  const roll = (at: number): number => dice[at] ?? 0;
  const bytes = seed.slice();
  for (let i = 0; i <= roll(0) % 3; i++) {
    const at = (roll(2 * i + 1) * 256 + roll(2 * i + 2)) % bytes.length;
    bytes[at] = roll(7 + i);
  }
  if (roll(10) < 40) return bytes.subarray(0, roll(11) % (bytes.length + 1));
  return roll(10) < 60 ? concat(bytes, dice.subarray(0, roll(12) % 16)) : bytes;
}

function answerWithSessions(): Uint8Array {
  const auth = concat(sized(POINT.x), Uint8Array.of(1), sized(POINT.y));
  const body = new Writer().u32(34).raw(sized(POINT.x)).raw(auth).raw(auth).finish();
  return new Writer()
    .u16(0x8002)
    .u32(10 + body.length)
    .u32(0)
    .raw(body)
    .finish();
}

decoders.run();
