/**
 * What nobody ever signs: too large, too deep, too many, oddly named. Each is a coded refusal that
 * leaves the disk as it was, and costs its sender the place at the third time (PROTOCOL §6.2).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8, Writer } from '../../core/bytes.ts';
import { digestOf } from '../../core/digest.ts';
import { DOCUMENT_BYTES_MAX, SIGNERS_MAX, STRIKES_MAX } from '../../core/limits.ts';
import { encodeEnvelope } from '../../federation/envelope.ts';
import { encodeFrame } from '../../federation/message.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';

const input = suite('attack/bad-input');

/** A partner that is linked, settled, and about to be sent something. */
function partner(): Machine {
  const world = new Coalition();
  const [blue, red] = [world.add({ name: 'blue' }), world.add({ name: 'red' })];
  world.advance(500);
  world.befriend(blue, red);
  world.advance(1_000);
  return blue;
}

function diskOf({ records }: Machine): string {
  return [...records].map(([key, value]) => `${key} ${digestOf(value)}`).join('\n');
}

/** An envelope that nobody signed around this text. */
const around = (payload: string): Uint8Array => encodeEnvelope('beacon', [], toUtf8(payload));
const named = (domain: string): Uint8Array => around(`{"domain":"${domain}","type":"beacon"}`);
const crowded = new Writer()
  .raw(toUtf8('HFE1'))
  .u8(6)
  .raw(toUtf8('beacon'))
  .u8(SIGNERS_MAX + 1);
const crowd = crowded.raw(new Uint8Array(200)).finish();

const CASES: readonly (readonly [string, Uint8Array, string])[] = [
  ['a mebibyte and a byte', new Uint8Array(DOCUMENT_BYTES_MAX + 1), 'too-large'],
  ['almost as many nested arrays as fit', around('['.repeat(1_000_000)), 'json-too-deep'],
  ['seventeen signers', crowd, 'signer-surplus'],
  ['a name that climbs', named('../blue.example'), 'trust-domain-invalid'],
  ['a name that climbs later', named('blue.example/../red'), 'trust-domain-invalid'],
  ['a name with a question', named('blue.example?x=1'), 'trust-domain-invalid'],
  ['a name with a fragment', named('blue.example#x'), 'trust-domain-invalid'],
  ['a name with an escape', named('blue%2eexample'), 'trust-domain-invalid'],
];

for (const [what, bytes, code] of CASES) {
  input(`${what}: as a frame it is refused, and the third one ends the link`, () => {
    const blue = partner();
    const before = diskOf(blue);
    const frame = new Writer().u8(5).raw(bytes).finish();
    for (let strike = 1; strike <= STRIKES_MAX; strike++) {
      assert.equal(blue.banned, []);
      assert.is(blue.input({ kind: 'frame', peer: 'mallory', bytes: frame }).verdict?.code, code);
    }
    assert.equal(blue.banned, ['mallory']);
    assert.is(diskOf(blue), before);
    const interest = encodeFrame({ kind: 'interest', tags: [] });
    assert.is(blue.input({ kind: 'frame', peer: 'alice', bytes: interest }).verdict, null);
  });
}

input('over gossip all of it is refused before it is read, by its size or its code', () => {
  const blue = partner();
  const before = diskOf(blue);
  const codes = CASES.map(([, bytes], i) => {
    const peer = `mallory-${i}`;
    return blue.input({ kind: 'gossip', peer, bytes }).verdict?.code;
  });
  assert.equal(codes, ['too-large', 'too-large', ...CASES.slice(2).map(([, , code]) => code)]);
  assert.is(diskOf(blue), before);
});

input.run();
