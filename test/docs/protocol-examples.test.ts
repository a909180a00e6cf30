/**
 * The examples of PROTOCOL are what the code makes: each block of the page against the bytes of
 * test/vectors/protocol/examples.json, which the shipping decoders read and write again the same,
 * and of handshake.json.
 *
 * A block holds examples that begin with `; name`. Documents are shown as their payload, files and
 * links as text, all else as hex with a remark. `…` leaves something out; in hex the remark says
 * how many bytes stand there.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, toHex } from '../../core/bytes.ts';
import { decodeMessage } from '../../daemon/enrolment/message.ts';
import { readBeacon } from '../../federation/beacon.ts';
import { DOCUMENT_TYPES, decodeEnvelope } from '../../federation/envelope.ts';
import { chainCommitment, decodeTick, verifyTick } from '../../federation/tick.ts';
import { ROOT } from '../root.ts';
import { EXAMPLES } from '../vectors/example-vectors.ts';
import { handshakeExample } from '../vectors/handshake.ts';
import type { Reading } from '../vectors/readings.ts';

const examples = suite('docs/protocol-examples');

const PAGE = readFileSync(join(ROOT, 'docs/PROTOCOL.md'), 'utf8');

const { payloads, messages } = await handshakeExample();

/** All that the page shows: name, what it is read as, and its bytes. */
const ALL: readonly (readonly [string, Reading | 'handshake', Uint8Array])[] = [
  ...EXAMPLES,
  ['a handshake payload', 'handshake', payloads.initiator],
  ['message A', 'handshake', messages.a],
  ['message B', 'handshake', messages.b],
  ['message C', 'handshake', messages.c],
];

/** Name and lines of each example on the page. */
const SHOWN = [...PAGE.matchAll(/^```\n(; [^`]*)\n```$/gm)]
  .flatMap(([, block = '']) => block.split('\n\n'))
  .map((text) => {
    const [head = '', ...lines] = text.split('\n');
    return { name: head.slice(2), lines };
  });

/** How the text of an example stands on the page; null for what is shown as hex. */
const TEXTS: Readonly<Partial<Record<Reading | 'handshake', (bytes: Uint8Array) => string>>> = {
  document: (bytes) => fromUtf8(decodeEnvelope(bytes).payload),
  relation: (bytes) => fromUtf8(decodeEnvelope(bytes).payload),
  enrolment: (bytes) => fromUtf8(decodeMessage(bytes).envelope.payload),
  'identities request': fromUtf8,
  'identities answer': fromUtf8,
  'fingerprint link': fromUtf8,
  'fingerprint words': (bytes) => fromUtf8(bytes).replaceAll(' ', ''),
  'tick link': fromUtf8,
  ...{ file: withoutBreaks, proposal: withoutBreaks, recipient: withoutBreaks },
};

function withoutBreaks(bytes: Uint8Array): string {
  return fromUtf8(bytes).replaceAll('\n', '');
}

/** What a text is compared with: the page breaks lines where the bytes have none. */
function patternOf(lines: readonly string[], isWords: boolean): RegExp {
  const whole = lines.join('');
  const tight = isWords ? whole.replaceAll(' ', '') : whole;
  const parts = tight.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*?')}$`, 's');
}

/** Takes each line of hex off the bytes in their order; what is left over is too much. */
function checkHex(name: string, lines: readonly string[], bytes: Uint8Array): void {
  let at = 0;
  for (const line of lines) {
    const [, hex = '', gap = '', count = ''] =
      /^([0-9a-f]+)(…)?(?: +(?:([0-9]+) bytes: )?\S.*)?$/.exec(line) ?? [];
    assert.ok(hex !== '' && (gap === '') === (count === ''), `${name}: ${line}`);
    const length = gap === '' ? hex.length / 2 : Number.parseInt(count, 10);
    assert.ok(toHex(bytes.subarray(at, at + length)).startsWith(hex), `${name}: ${line}`);
    at += length;
  }
  assert.is(at, bytes.length, `${name}: all of its bytes`);
}

examples('stand on the page once each, and no others do', () => {
  const names = ALL.map(([name]) => name);
  assert.equal(SHOWN.map(({ name }) => name).sort(), [...names].sort());
});

examples('are there of each frame and of each type of document', () => {
  const names = new Set(ALL.map(([name]) => name));
  const frames = [...PAGE.matchAll(/^\| (0[0-9a-f]) \| /gm)].map(([, code]) => `frame ${code}`);
  assert.ok(frames.length > 10);
  assert.equal(
    frames.filter((name) => !names.has(name)),
    [],
  );
  const shown = ALL.map(([, as, bytes]) => (as in TEXTS ? TEXTS[as as Reading]?.(bytes) : ''));
  const missing = DOCUMENT_TYPES.filter(
    (type) => type !== 'recipient' && !shown.some((text) => text?.includes(`"type":"${type}"`)),
  );
  assert.equal(missing, []);
});

for (const [name, as, bytes] of ALL) {
  examples(`${name}: what the page shows is what the code writes`, () => {
    const lines = SHOWN.find((shown) => shown.name === name)?.lines ?? [];
    const textOf = TEXTS[as];
    if (textOf === undefined) checkHex(name, lines, bytes);
    else assert.match(textOf(bytes), patternOf(lines, as === 'fingerprint words'));
  });
}

examples('lead from the beacon to its tick by the values of the page', () => {
  const bytesOf = (wanted: string): Uint8Array =>
    ALL.find(([name]) => name === wanted)?.[2] ?? new Uint8Array();
  const envelope = decodeEnvelope(bytesOf('a beacon'));
  const beacon = readBeacon(envelope);
  const commitment = chainCommitment(beacon);
  for (const value of [envelope.digest, toHex(commitment), toHex(beacon.anchor)]) {
    assert.ok(PAGE.includes(`\`${value}\``), value);
  }
  const { tag, index, value } = decodeTick(bytesOf('a tick'));
  assert.is(tag, envelope.digest.slice(0, 16));
  verifyTick(commitment, { index, value }, { index: 0, value: beacon.anchor });
  assert.is(value.length, 32);
});

examples.run();
