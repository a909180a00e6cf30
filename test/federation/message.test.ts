/** Frames of the sync protocol: every kind, every bound (PROTOCOL §6.1). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8, Writer } from '../../core/bytes.ts';
import { digestOf, sha256 } from '../../core/digest.ts';
import {
  FRAME_BYTES_MAX,
  RANGE_IDS_MAX,
  RANGES_MAX,
  SUMMARY_DOMAINS_MAX,
  WANTS_MAX,
} from '../../core/limits.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  NO_TAG,
  type SummaryRow,
  tagOf,
  versionArgument,
  WANT_KINDS,
} from '../../federation/message.ts';
import type { RangeNote } from '../../federation/ranges.ts';
import { refuses } from '../refused.ts';

const frames = suite('federation/message');

const TAG = 'ab'.repeat(16);
const DIGEST = digestOf(toUtf8('x'));
const ROW: SummaryRow = {
  tag: TAG,
  rootVersion: 2n ** 64n - 1n,
  lineage: 1n,
  rank: 255,
  epoch: 9_007_199_254_740_993n,
  beacon: DIGEST,
  tick: 2 ** 24 - 1,
  contents: '01'.repeat(8),
};
const FRAMES: readonly Frame[] = [
  { kind: 'interest', tags: [] },
  { kind: 'interest', tags: [TAG, 'cd'.repeat(16)] },
  { kind: 'digest', digest: DIGEST },
  { kind: 'summary', rows: [ROW] },
  { kind: 'want', wants: WANT_KINDS.map((what) => ({ tag: TAG, what, argument: DIGEST })) },
  { kind: 'lack', wants: [{ tag: TAG, what: 'manifest', argument: DIGEST }] },
  { kind: 'envelope', bytes: new Uint8Array(100) },
  { kind: 'tick', bytes: new Uint8Array(43) },
  { kind: 'ticks', ticks: [new Uint8Array(43), new Uint8Array(43).fill(1)] },
  { kind: 'proof', bytes: new Uint8Array(100) },
  { kind: 'question', tag: TAG, nonce: new Uint8Array(32) },
  { kind: 'answer', tag: TAG, bytes: new Uint8Array(100) },
  { kind: 'turn', tag: TAG, nonce: new Uint8Array(32) },
  { kind: 'waiting', tag: TAG, bytes: new Uint8Array(100) },
  { kind: 'ranges', tag: TAG, notes: [{ kind: 'sum', prefix: '', sum: '0f'.repeat(16) }] },
  {
    kind: 'ranges',
    tag: NO_TAG,
    notes: [
      { kind: 'sum', prefix: '0a1', sum: 'f0'.repeat(16) },
      { kind: 'ids', prefix: '0b', ids: [] },
      { kind: 'ids', prefix: 'ab', ids: ['ab'.repeat(32), 'abcd'.repeat(16)] },
    ],
  },
];

frames('read back as they were written', () => {
  for (const frame of FRAMES) assert.equal(decodeFrame(encodeFrame(frame)), frame);
});

frames('cut anywhere, or followed by anything, are refused', () => {
  const whole = ['envelope', 'answer', 'waiting', 'proof'];
  const isBounded = ({ kind }: Frame): boolean => !whole.includes(kind);
  for (const frame of FRAMES.filter(isBounded)) {
    const bytes = encodeFrame(frame);
    for (let length = 0; length < bytes.length; length++) {
      refuses('truncated', () => decodeFrame(bytes.subarray(0, length)), `${frame.kind} ${length}`);
    }
    refuses('trailing-bytes', () => decodeFrame(concat(bytes, Uint8Array.of(0))), frame.kind);
  }
});

frames('of no known kind are refused', () => {
  for (const code of [0, 15, 255]) {
    refuses('frame-unknown', () => decodeFrame(Uint8Array.of(code)), String(code));
  }
  const want = new Writer().u8(4).u16(1).raw(new Uint8Array(16)).u8(WANT_KINDS.length);
  refuses('frame-malformed', () => decodeFrame(want.raw(new Uint8Array(32)).finish()));
});

frames('of ranges have one spelling, and speak of each id once', () => {
  const sum = '00'.repeat(16);
  const ranges = (...notes: readonly RangeNote[]) =>
    encodeFrame({ kind: 'ranges', tag: NO_TAG, notes });
  const note = (prefix: string): RangeNote => ({ kind: 'sum', prefix, sum });
  decodeFrame(ranges(note('a'), note('b'), note('c0')));
  for (const pair of [
    [note(''), note('a')],
    [note('a'), note('ab')],
    [note('b'), note('a')],
    [note('a'), note('a')],
  ]) {
    refuses('frame-malformed', () => decodeFrame(ranges(...pair)));
  }
  const id = 'ab'.repeat(32);
  const ids = (...some: readonly string[]): RangeNote => ({ kind: 'ids', prefix: 'a', ids: some });
  refuses('frame-malformed', () => decodeFrame(ranges(ids(id, id))));
  refuses('frame-malformed', () => decodeFrame(ranges(ids('ba'.repeat(32)))));
  refuses('too-large', () => decodeFrame(ranges(ids(...Array(RANGE_IDS_MAX + 1).fill(id)))));
  refuses('too-large', () => decodeFrame(ranges(...Array(RANGES_MAX + 1).fill(note('a')))));
  const head = () => new Writer().u8(11).raw(new Uint8Array(16)).u16(1);
  refuses('frame-malformed', () => decodeFrame(head().u8(65).raw(new Uint8Array(64)).finish()));
  refuses('frame-malformed', () => decodeFrame(head().u8(1).u8(0x0f).u8(0).finish()));
  refuses('frame-malformed', () => decodeFrame(head().u8(0).u8(2).finish()));
});

frames('list so many items and no more', () => {
  const tags = (count: number): Frame => ({ kind: 'interest', tags: Array(count).fill(TAG) });
  assert.equal(decodeFrame(encodeFrame(tags(SUMMARY_DOMAINS_MAX))), tags(SUMMARY_DOMAINS_MAX));
  refuses('too-large', () => decodeFrame(encodeFrame(tags(SUMMARY_DOMAINS_MAX + 1))));
  const rows = Array(SUMMARY_DOMAINS_MAX + 1).fill(ROW);
  refuses('too-large', () => decodeFrame(encodeFrame({ kind: 'summary', rows })));
  const wants = Array(WANTS_MAX + 1).fill({ tag: TAG, what: 'beacon', argument: DIGEST });
  decodeFrame(encodeFrame({ kind: 'want', wants: wants.slice(1) }));
  refuses('too-large', () => decodeFrame(encodeFrame({ kind: 'want', wants })));
});

frames('are bounded in bytes', () => {
  const bytes = (size: number): Frame => ({ kind: 'envelope', bytes: new Uint8Array(size - 1) });
  decodeFrame(encodeFrame(bytes(FRAME_BYTES_MAX)));
  refuses('too-large', () => decodeFrame(encodeFrame(bytes(FRAME_BYTES_MAX + 1))));
});

frames('name a domain by a tag of this one handshake', () => {
  const domain = parseTrustDomain('blue.example');
  const binding = sha256(toUtf8('handshake'));
  const full = digestOf(toUtf8('holdfast/interest/v1\0'), binding, toUtf8(domain));
  assert.is(tagOf(domain, binding), full.slice(0, 32));
  assert.is.not(tagOf(domain, sha256(binding)), tagOf(domain, binding));
});

frames('ask for a Root by its version', () => {
  assert.is(versionArgument(255n), `${'0'.repeat(62)}ff`);
  assert.is(versionArgument(2n ** 64n - 1n).length, 64);
});

frames.run();
