/** Turns at the chip: whoever asks for little is not held up by whoever asks for much. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FairTurns } from '../../../daemon/custody/fair-turns.ts';
import { failed } from '../../trouble.ts';

const turns = suite('daemon/custody/fair-turns');

turns('go round among callers, in order within each', async () => {
  const fair = new FairTurns(16);
  const done: string[] = [];
  const ask = (caller: string, number: number) =>
    fair.take(caller, async () => {
      await Promise.resolve();
      done.push(`${caller} ${number}`);
    });
  const batch = [1, 2, 3, 4].map((number) => ask('issuing', number));
  const others = [ask('start', 1), ask('generation', 1), ask('start', 2)];
  await Promise.all([...batch, ...others]);
  assert.equal(done, [
    ...['issuing 1', 'issuing 2', 'start 1', 'generation 1'],
    ...['issuing 3', 'start 2', 'issuing 4'],
  ]);
  assert.ok(fair.isIdle);
});

turns('run one piece of work at a time', async () => {
  const fair = new FairTurns(16);
  let running = 0;
  const work = async (): Promise<void> => {
    running += 1;
    assert.is(running, 1);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  await Promise.all(['a', 'b', 'a', 'c', 'a'].map((caller) => fair.take(caller, work)));
});

turns('go on after work that failed, and tell its caller alone', async () => {
  const fair = new FairTurns(16);
  const failing = fair.take('a', async () => {
    throw new Error('broken');
  });
  const next = fair.take('b', async () => 'done');
  assert.is(await failing.catch((error: unknown) => String(error)), 'Error: broken');
  assert.is(await next, 'done');
});

turns('have an end for each caller: tpm-busy, and others are not concerned', async () => {
  const fair = new FairTurns(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = fair.take('a', () => promise);
  const second = fair.take('a', async () => undefined);
  await failed(() => fair.take('a', async () => undefined), 'tpm-busy');
  const other = fair.take('b', async () => undefined);
  resolve();
  await Promise.all([first, second, other]);
});

turns.run();
