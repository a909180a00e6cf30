/** Armour: one spelling of bytes as text, and no other (PROTOCOL §1.4). */

import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX, BUNDLE_FILE_DOCUMENTS_MAX } from '../../core/limits.ts';
import { type Block, decodeBlocks, encodeBlock } from '../../federation/armour.ts';
import { refuses } from '../refused.ts';

const armour = suite('federation/armour');

const decode = (text: string): readonly Block[] => decodeBlocks(toUtf8(text));
const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);
const TEXT = encodeBlock('beacon', BYTES);

armour('shows its label and 64 characters a line', () => {
  const lines = TEXT.split('\n');
  assert.is(lines[0], '-----BEGIN HOLDFAST BEACON-----');
  assert.is(lines[1]?.length, 64);
  assert.is(lines.at(-2), '-----END HOLDFAST BEACON-----');
  assert.is(lines.at(-1), '');
});

armour('reads back any blocks in their order', () => {
  const fields = {
    label: fc.constantFrom('root', 'beacon', 'tick', 'revocations'),
    bytes: fc.uint8Array({ maxLength: 200 }),
  };
  const block = fc.record(fields, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
      const text = blocks.map(({ label, bytes }) => encodeBlock(label, bytes)).join('');
      assert.equal(decode(text), blocks);
    }),
    { numRuns: 60 },
  );
});

armour('is refused when cut at any character', () => {
  for (let length = 1; length < TEXT.length; length++) {
    refuses('truncated', () => decode(TEXT.slice(0, length)), `${length} characters`);
  }
});

armour('has no other spelling', () => {
  const malformed = [
    `\n${TEXT}`,
    `${TEXT}\n`,
    `# a comment\n${TEXT}`,
    TEXT.replace('BEGIN HOLDFAST BEACON', 'BEGIN HOLDFAST beacon'),
    TEXT.replace('BEGIN HOLDFAST', 'BEGIN  HOLDFAST'),
    TEXT.replace('-----BEGIN', '----BEGIN'),
    TEXT.replace('BEACON-----\n', 'BEACON-----\nProc-Type: 4\n'),
    TEXT.replaceAll('\n', '\r\n'),
    TEXT.replace(/(.{64})\n/, '$1\n\n'),
    TEXT.replace(/^(.{63})(.)\n/m, '$1\n$2'),
  ];
  for (const text of malformed) refuses('envelope-malformed', () => decode(text), text);
});

armour('holds base64 in its one form', () => {
  const around = (body: string): string =>
    `-----BEGIN HOLDFAST TICK-----\n${body}\n-----END HOLDFAST TICK-----\n`;
  assert.equal(decode(around('AQI='))[0]?.bytes, Uint8Array.of(1, 2));
  for (const body of ['AQI', 'AQJ=', 'AQ=I', 'AQI_', 'AQI==', 'A===', ' QI=']) {
    refuses('bad-encoding', () => decode(around(body)), body);
  }
  refuses('bad-encoding', () => decodeBlocks(Uint8Array.of(0xff, 0x0a)));
});

armour('ends with the label it began with', () => {
  refuses('truncated', () => decode(TEXT.replace('END HOLDFAST BEACON', 'END HOLDFAST ROOT')));
  const label = 'A'.repeat(16);
  assert.is(decode(encodeBlock(label, BYTES))[0]?.label, label.toLowerCase());
  refuses('envelope-malformed', () => decode(encodeBlock(`${label}A`, BYTES)));
});

armour('is bounded in bytes and in blocks', () => {
  const one = encodeBlock('tick', Uint8Array.of(1));
  assert.is(decode(one.repeat(BUNDLE_FILE_DOCUMENTS_MAX)).length, BUNDLE_FILE_DOCUMENTS_MAX);
  refuses('too-large', () => decode(one.repeat(BUNDLE_FILE_DOCUMENTS_MAX + 1)));
  const file = new Uint8Array(BUNDLE_FILE_BYTES_MAX + 1).fill(0x0a);
  refuses('too-large', () => decodeBlocks(file));
  refuses('envelope-malformed', () => decodeBlocks(file.subarray(1)));
});

armour.run();
