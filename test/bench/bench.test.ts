/** The arithmetic of the benches, and that rounds are taken in turns. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Bench, figureOf, measureRates, medianOf } from './bench.ts';

const benches = suite('bench/bench');

const bench: Bench = { name: 'a.b', unit: 'x/s', measure: () => ({ value: 1 }) };

benches('take the middle value', () => {
  assert.is(medianOf([9, 1, 5]), 5);
  assert.is(medianOf([1, 9, 5, 7]), 6);
  assert.is(medianOf([3]), 3);
});

benches('print a limit and a ratio where there is a limit', () => {
  assert.equal(figureOf(bench, { value: 1234.56 }), { name: 'a.b', value: 1235, unit: 'x/s' });
  const bounded = figureOf(bench, { value: 80, limit: 100 });
  assert.equal(bounded, { name: 'a.b', value: 80, unit: 'x/s', limit: 100, ratio: 0.8 });
});

benches('measure the limit in turns with the subject', async () => {
  const turns: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    if (turns.at(-1) !== name) turns.push(name);
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const pace = { rounds: 5, roundMs: 10, warmUpMs: 5 };
  const { value, limit = 0 } = await measureRates(work('subject'), work('limit'), pace);
  assert.is(turns.length, 2 * (1 + pace.rounds));
  assert.ok(value > 0 && value <= 1000 && limit > 0 && limit <= 1000);
});

benches.run();
