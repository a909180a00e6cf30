/** Envelopes: their bytes, their signers, and every way of being neither (PROTOCOL §1). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromHex, toHex, toUtf8, Writer } from '../../core/bytes.ts';
import { encodeCanonical, type JsonObject } from '../../core/canonical.ts';
import { digestOf } from '../../core/digest.ts';
import { DOCUMENT_BYTES_MAX, SIGNERS_MAX } from '../../core/limits.ts';
import { ED25519_SIGNATURE_BYTES, SIGNATURE_PAIR_BYTES, type Signer } from '../../core/suite.ts';
import {
  DOCUMENT_TYPES,
  decodeEnvelope,
  encodeEnvelope,
  type SignerRole,
  signEnvelope,
  verifyEnvelope,
} from '../../federation/envelope.ts';
import { SUITE, signerOf } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';

const envelopes = suite('federation/envelope');

const [a, b, c] = ['a', 'b', 'c'].map((name) => signerOf(`envelope/${name}`)) as [
  Signer,
  Signer,
  Signer,
];
const BODY: JsonObject = { domain: 'blue.example', text: 'ü', version: '1' };
const good = signEnvelope('bundle', BODY, [a]);

/** Envelope bytes around any payload, unsigned or with slots of zeros. */
function framed(payload: Uint8Array, type = 'bundle', ids: readonly string[] = []): Uint8Array {
  const writer = new Writer().raw(toUtf8('HFE1')).u8(type.length).raw(toUtf8(type)).u8(ids.length);
  for (const id of ids) writer.raw(fromHex(id)).raw(new Uint8Array(SIGNATURE_PAIR_BYTES));
  return writer.u32(payload.length).raw(payload).finish();
}

function roleOf(threshold: number, ...signers: readonly Signer[]): SignerRole {
  return { keys: new Map(signers.map((s) => [s.keyId, s.publicPair])), threshold };
}

const verify = (bytes: Uint8Array, role: SignerRole): unknown =>
  verifyEnvelope(SUITE, decodeEnvelope(bytes), role);

/** A copy with one bit changed. */
function bentAt(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

envelopes('read back as they were written', () => {
  const envelope = decodeEnvelope(good);
  assert.is(envelope.type, 'bundle');
  assert.is(envelope.domain, 'blue.example');
  assert.is(envelope.slots[0]?.keyId, a.keyId);
  assert.equal(encodeEnvelope(envelope.type, envelope.slots, envelope.payload), good);
  verify(good, roleOf(1, a));
});

envelopes('are identified by their payload alone', () => {
  const again = decodeEnvelope(signEnvelope('bundle', BODY, [b]));
  const envelope = decodeEnvelope(good);
  assert.is(again.digest, envelope.digest);
  assert.is(envelope.digest, digestOf(envelope.payload));
});

envelopes('bind type and key id in what is signed, by the label of the protocol', () => {
  const name = toUtf8('bundle');
  const preimage = concat(
    toUtf8('holdfast/envelope/v1\0'),
    new Writer().u16(name.length).finish(),
    name,
    fromHex(a.keyId),
    encodeCanonical({ ...BODY, type: 'bundle' }),
  );
  const signature = decodeEnvelope(good).slots[0]?.signature ?? new Uint8Array();
  const check = { publicPair: a.publicPair, context: 'holdfast/envelope/v1', signature };
  assert.ok(SUITE.verify({ ...check, message: preimage }));
  assert.not.ok(SUITE.verify({ ...check, message: bentAt(preimage, 24) }));
});

envelopes('are refused when cut anywhere, and when anything follows', () => {
  for (let length = 0; length < good.length; length += length < 64 ? 1 : 97) {
    refuses('truncated', () => decodeEnvelope(good.subarray(0, length)), `${length} bytes`);
  }
  refuses('truncated', () => decodeEnvelope(good.subarray(0, good.length - 1)));
  refuses('trailing-bytes', () => decodeEnvelope(concat(good, Uint8Array.of(0))));
});

envelopes('of another version are none', () => {
  refuses('envelope-malformed', () => decodeEnvelope(bentAt(good, 3)));
});

envelopes('may be as large as a document and no larger', () => {
  const overhead = framed(encodeCanonical({ domain: 'b', pad: '', type: 'bundle' })).length;
  const ofSize = (size: number): Uint8Array => {
    const pad = 'x'.repeat(size - overhead);
    return framed(encodeCanonical({ domain: 'b', pad, type: 'bundle' }));
  };
  assert.is(decodeEnvelope(ofSize(DOCUMENT_BYTES_MAX)).bytes.length, DOCUMENT_BYTES_MAX);
  refuses('too-large', () => decodeEnvelope(ofSize(DOCUMENT_BYTES_MAX + 1)));
});

envelopes('are of a known type, the same outside and inside', () => {
  for (const type of DOCUMENT_TYPES) {
    assert.is(decodeEnvelope(signEnvelope(type, BODY, [a])).type, type);
  }
  const payload = encodeCanonical({ ...BODY, type: 'secret' });
  refuses('document-unknown', () => decodeEnvelope(framed(payload, 'secret')));
  const inner = encodeCanonical({ ...BODY, type: 'policy' });
  refuses('document-type', () => decodeEnvelope(framed(inner, 'bundle')));
  refuses('bad-encoding', () => {
    const bytes = framed(inner, 'bundle');
    bytes[5] = 0xff;
    decodeEnvelope(bytes);
  });
});

envelopes('carry a payload in its one spelling', () => {
  const text = (json: string) => () => decodeEnvelope(framed(toUtf8(json)));
  refuses('not-canonical', text('{"domain": "blue.example","type":"bundle"}'));
  refuses('not-canonical', text('{"type":"bundle","domain":"blue.example"}'));
  refuses('not-canonical', text('{"domain":"blue.example","n":1.0,"type":"bundle"}'));
  refuses('json-duplicate-key', text('{"domain":"a","domain":"b","type":"bundle"}'));
  refuses('json-lone-surrogate', text('{"domain":"\\ud800","type":"bundle"}'));
  refuses('json-too-deep', text('['.repeat(33) + ']'.repeat(33)));
  refuses('json-number', text('{"domain":"a","n":9007199254740993,"type":"bundle"}'));
  refuses('json-syntax', text('{"domain"}'));
  refuses('document-malformed', text('[]'));
  refuses('document-malformed', text('{"type":"bundle"}'));
  refuses('document-malformed', text('{"domain":"a"}'));
  refuses('trust-domain-invalid', text('{"domain":"Blue.Example","type":"bundle"}'));
});

envelopes('keep members that nobody here knows, and sign over them', () => {
  const bytes = signEnvelope('bundle', { ...BODY, novelty: { x: [1] } }, [a]);
  assert.ok(decodeEnvelope(bytes).members.has('novelty'));
  verify(bytes, roleOf(1, a));
});

envelopes('hold their slots in one order, no key twice, and at most sixteen', () => {
  const payload = encodeCanonical({ ...BODY, type: 'bundle' });
  const ids = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => toHex(new Uint8Array(32).fill(i + 1)));
  const [one = '', two = ''] = ids(2);
  assert.is(decodeEnvelope(framed(payload, 'bundle', ids(SIGNERS_MAX))).slots.length, SIGNERS_MAX);
  refuses('signer-surplus', () => decodeEnvelope(framed(payload, 'bundle', ids(SIGNERS_MAX + 1))));
  refuses('signer-duplicate', () => decodeEnvelope(framed(payload, 'bundle', [one, one])));
  refuses('envelope-malformed', () => decodeEnvelope(framed(payload, 'bundle', [two, one])));
});

envelopes('need as many signers as the threshold says, all of the role', () => {
  const signed = (...signers: readonly Signer[]) => signEnvelope('root', BODY, signers);
  const council = roleOf(2, a, b);
  verify(signed(a, b), council);
  refuses('threshold-unmet', () => verify(signed(a), council));
  refuses('threshold-unmet', () => verify(framed(decodeEnvelope(good).payload), council));
  refuses('signer-unknown', () => verify(signed(a, c), council));
  refuses('signer-unknown', () => verify(signed(c), roleOf(1, a)));
  refuses('signer-surplus', () => verify(signed(a, b), roleOf(1, a, b)));
});

envelopes('verify by both legs or not at all', () => {
  const slotAt = 4 + 1 + 'bundle'.length + 1 + 32;
  const role = roleOf(1, a);
  refuses('signature-invalid', () => verify(bentAt(good, slotAt + 5), role));
  refuses('signature-invalid', () =>
    verify(bentAt(good, slotAt + ED25519_SIGNATURE_BYTES + 5), role),
  );
  for (const [from, to] of [
    [0, ED25519_SIGNATURE_BYTES],
    [ED25519_SIGNATURE_BYTES, SIGNATURE_PAIR_BYTES],
  ] as const) {
    const stripped = good.slice();
    stripped.fill(0, slotAt + from, slotAt + to);
    refuses('signature-invalid', () => verify(stripped, role));
  }
});

envelopes('take no leg of another signer, of another document or of another type', () => {
  const slotAt = 4 + 1 + 'bundle'.length + 1 + 32;
  const swapped = (other: Uint8Array): Uint8Array => {
    const copy = good.slice();
    const from = slotAt + (other.length - good.length);
    copy.set(other.subarray(from, from + ED25519_SIGNATURE_BYTES), slotAt);
    return copy;
  };
  const role = roleOf(1, a);
  refuses('signature-invalid', () => verify(swapped(signEnvelope('bundle', BODY, [b])), role));
  const sibling = signEnvelope('bundle', { ...BODY, version: '2' }, [a]);
  refuses('signature-invalid', () => verify(swapped(sibling), role));
  const { slots } = decodeEnvelope(signEnvelope('policy', BODY, [a]));
  const payload = decodeEnvelope(good).payload;
  refuses('signature-invalid', () => verify(encodeEnvelope('bundle', slots, payload), role));
});

envelopes('do not verify for a key id that another pair is shown under', () => {
  const role: SignerRole = { keys: new Map([[a.keyId, b.publicPair]]), threshold: 1 };
  refuses('signature-invalid', () => verify(good, role));
});

envelopes.run();
