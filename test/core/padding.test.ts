/** Padding: what it hides, what it costs, and that there is one spelling of it (PROTOCOL §6.9). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PADDED_BYTES_MIN, pad, paddedLength, unpad } from '../../core/padding.ts';

const padding = suite('core/padding');

padding('comes off again, whatever the bytes end with', () => {
  for (const length of [0, 1, 62, 63, 64, 111, 112, 4_000, 65_000]) {
    for (const last of [0, 1, 0x80, 0xff]) {
      const bytes = new Uint8Array(length).fill(last);
      assert.equal(unpad(pad(bytes)), bytes, `${length} of ${last}`);
    }
  }
});

padding('makes small frames of all kinds alike', () => {
  for (let length = 0; length < PADDED_BYTES_MIN; length++) {
    assert.is(paddedLength(length), PADDED_BYTES_MIN, `${length}`);
  }
  assert.is(paddedLength(PADDED_BYTES_MIN), 72);
});

padding('has few classes, and costs an eighth at most', () => {
  const classes = new Set<number>();
  for (let length = PADDED_BYTES_MIN; length < 2 ** 16; length++) {
    const padded = paddedLength(length);
    assert.ok(padded > length && (padded - length - 1) * 8 <= length + 1, `${length}: ${padded}`);
    classes.add(padded);
  }
  assert.is(classes.size, 144);
  for (const one of classes) assert.is(paddedLength(one - 1), one);
});

padding('of any other form is none', () => {
  const padded = pad(new Uint8Array(100).fill(7));
  assert.is(unpad(padded.subarray(0, -1)), null);
  assert.is(unpad(Uint8Array.of(...padded, 0)), null);
  assert.is(unpad(Uint8Array.of(...padded.subarray(0, -1), 1)), null);
  assert.is(unpad(new Uint8Array(PADDED_BYTES_MIN)), null);
  assert.is(unpad(new Uint8Array()), null);
  const short = new Uint8Array(112);
  short[10] = 0x80; // ten bytes belong to a smaller class
  assert.is(unpad(short), null);
});

padding.run();
