/** What was read is read once while it is kept, and is kept within a bound. */

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { READINGS_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { ReadingBook } from '../../federation/reading-book.ts';
import { refuses } from '../refused.ts';

const book = suite('federation/reading-book');

/** The engine's own collector, which it keeps to itself unless it is told otherwise. */
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Half as much as is kept though nobody holds it. */
const large = (mark: number): Uint8Array => new Uint8Array(READINGS_BYTES_MAX / 2).fill(mark);
const sizeOf = (bytes: Uint8Array): { readonly size: number } => ({ size: bytes.length });

book('gives equal bytes the same reading, whoever brings them', () => {
  const readings = new ReadingBook<{ readonly size: number }>();
  const first = readings.of(Uint8Array.of(1, 2), sizeOf);
  assert.is(readings.of(Uint8Array.of(0, 1, 2).subarray(1), sizeOf), first);
  assert.is.not(readings.of(Uint8Array.of(2, 1), sizeOf), first);
});

book('reads what was refused again', () => {
  const readings = new ReadingBook<{ readonly size: number }>();
  const refuse = (): never => {
    throw new Refusal('truncated');
  };
  for (let i = 0; i < 2; i++) refuses('truncated', () => readings.of(Uint8Array.of(1), refuse));
  assert.is(readings.of(Uint8Array.of(1), sizeOf).size, 1);
});

book('keeps what somebody holds, however much comes after it', () => {
  const readings = new ReadingBook<{ readonly size: number }>();
  const held = readings.of(large(1), sizeOf);
  for (let mark = 2; mark < 6; mark++) readings.of(large(mark), sizeOf);
  assert.is(readings.of(large(1), sizeOf), held);
});

book('forgets the oldest that nobody holds beyond its bound', async () => {
  const readings = new ReadingBook<{ readonly size: number }>();
  const read: number[] = [];
  const note = (bytes: Uint8Array): { readonly size: number } => {
    read.push(bytes[0] ?? 0);
    return sizeOf(bytes);
  };
  for (const mark of [1, 2, 3]) readings.of(large(mark), note);
  await setImmediate(); // what was asked for in this turn is kept until it ends
  collectGarbage();
  for (const mark of [2, 3, 1]) readings.of(large(mark), note);
  assert.equal(read, [1, 2, 3, 1]);
});

book.run();
