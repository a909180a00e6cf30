/** What was read is read once while it is kept, and is kept within a bound. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { READINGS_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { ReadingBook } from '../../federation/reading-book.ts';
import { refuses } from '../refused.ts';

const book = suite('federation/reading-book');

const sizeOf = (bytes: Uint8Array): { readonly size: number } => ({ size: bytes.length });

book('gives equal bytes the same reading, whoever brings them', () => {
  const readings = new ReadingBook<{ readonly size: number }>();
  const first = readings.of(Uint8Array.of(1, 2), sizeOf);
  assert.is(readings.of(Uint8Array.of(0, 1, 2).subarray(1), sizeOf), first);
  assert.is.not(readings.of(Uint8Array.of(2, 1), sizeOf), first);
});

book('reads what was refused again', () => {
  const readings = new ReadingBook<number>();
  const refuse = (): never => {
    throw new Refusal('truncated');
  };
  for (let i = 0; i < 2; i++) refuses('truncated', () => readings.of(Uint8Array.of(1), refuse));
  assert.is(
    readings.of(Uint8Array.of(1), () => 7),
    7,
  );
});

book('forgets the oldest beyond its bound', () => {
  const readings = new ReadingBook<{ readonly size: number }>();
  const large = (mark: number): Uint8Array => new Uint8Array(READINGS_BYTES_MAX / 2).fill(mark);
  const first = readings.of(large(1), sizeOf);
  const second = readings.of(large(2), sizeOf);
  assert.is(readings.of(large(1), sizeOf), first);
  readings.of(Uint8Array.of(3), sizeOf);
  assert.is(readings.of(large(2), sizeOf), second);
  assert.is.not(readings.of(large(1), sizeOf), first);
});

book.run();
