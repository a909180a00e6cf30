/** The process on virtual time: its timers, dates and chance, and what it may not ask for. */

import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VirtualTime } from './virtual-time.ts';

const virtual = suite('virtual/virtual-time');

virtual('lets timers happen in their order, each at its time, and a day pass at once', async () => {
  using time = new VirtualTime(1);
  const happened: string[] = [];
  const note = (what: string) => happened.push(`${time.now} ${what}`);
  setTimeout(() => note('second'), 20);
  setTimeout(() => note('first'), 10);
  const every = setInterval(() => note('again'), 40_000_000);
  clearTimeout(setTimeout(() => note('never'), 5));
  AbortSignal.timeout(30).addEventListener('abort', () => note('too late'));
  await time.runUntil(86_400_000);
  clearInterval(every);
  await time.runUntil(200_000_000);
  const expected = ['10 first', '20 second', '30 too late', '40000000 again', '80000000 again'];
  assert.equal(happened, expected);
});

virtual('goes on only when everything that began is done', async () => {
  using time = new VirtualTime(1);
  const happened: string[] = [];
  const chain = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) await null;
    happened.push(`${time.now} chain`);
    process.nextTick(() => happened.push(`${time.now} tick`));
  };
  setTimeout(() => void chain(), 10);
  setTimeout(() => happened.push(`${time.now} later`), 11);
  await time.runUntil(20);
  assert.equal(happened, ['10 chain', '10 tick', '11 later']);
});

virtual('shows its own dates and its own chance, and leaves the real ones behind it', async () => {
  const rolls = [7, 7, 8].map((seed) => {
    using _time = new VirtualTime(seed);
    return Math.random();
  });
  assert.is(rolls[0], rolls[1]);
  assert.is.not(rolls[0], rolls[2]);
  {
    using time = new VirtualTime(1);
    const before = Date.now();
    await time.runUntil(5_000);
    assert.is(Date.now() - before, 5_000);
    assert.is(new Date().toISOString(), new Date(Date.now()).toISOString());
    assert.is(performance.now(), 5_000);
    assert.is(new Date(0).toISOString(), '1970-01-01T00:00:00.000Z');
  }
  assert.ok(Math.abs(Date.now() - performance.timeOrigin - performance.now()) < 3_600_000);
});

virtual('refuses, by name, what the outside would answer when it pleases', async () => {
  const file = new URL(import.meta.url);
  let asked: Promise<unknown> = Promise.resolve();
  {
    using time = new VirtualTime(1);
    setTimeout(() => {
      asked = readFile(file);
    }, 10);
    assert.is(await trouble(time.runUntil(20)), 'Error: outside of virtual time: FSREQCALLBACK');
  }
  {
    using time = new VirtualTime(1);
    setTimeout(() => {
      asked = crypto.subtle.digest('SHA-256', new Uint8Array(1));
    }, 10);
    setInterval(() => undefined, 20);
    const run = time.runUntil(1_000_000);
    assert.is(await trouble(run), 'Error: outside of virtual time: HASHREQUEST');
  }
  await asked;
});

async function trouble(run: Promise<void>): Promise<string> {
  return run.then(
    () => 'none',
    (error: unknown) => String(error),
  );
}

virtual.run();
