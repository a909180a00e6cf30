/** Streams as TCP keeps them: what a cut, a reset and a slow reader do to the bytes. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Dice } from '../../sim/dice.ts';
import { Path } from './path.ts';
import { StreamEnd } from './stream-end.ts';
import { VirtualTime } from './virtual-time.ts';

const stream = suite('virtual/stream-end');

/** Two ends, 40 ms apart, and what happens at either, with the time of it. */
function joined(time: VirtualTime, bitsPerSecond = 0) {
  const path = new Path(['a', 'b'], { latencyMs: 40, bitsPerSecond, lossPpm: 0 });
  const happened: string[] = [];
  const endOf = (host: string): StreamEnd => {
    const dice = new Dice(1, host);
    const end = new StreamEnd({ time, dice, path, host, sent: () => undefined });
    const note = (what: string) => happened.push(`${time.now} ${host} ${what}`);
    end.events = {
      bytes: (bytes) => note(new TextDecoder().decode(bytes).slice(0, 9)),
      finished: () => note('finished'),
      broken: () => note('broken'),
      drained: () => note('drained'),
    };
    return end;
  };
  const [a, b] = [endOf('a'), endOf('b')];
  StreamEnd.join(a, b);
  return { a, b, path, happened };
}

const text = (what: string) => new TextEncoder().encode(what);

stream('carries in order, after its delay, and says last that all is said', async () => {
  using time = new VirtualTime(1);
  const { a, happened } = joined(time);
  a.send(text('one'));
  a.send(text('two'));
  a.finish();
  await time.runUntil(100);
  assert.equal(happened, ['40 b one', '40 b two', '40 b finished']);
});

stream('takes the time that its path takes for so many bytes', async () => {
  using time = new VirtualTime(1);
  const { a, happened } = joined(time, 8_000);
  a.send(text('x'.repeat(948)));
  a.send(text('y'.repeat(448)));
  await time.runUntil(2_000);
  assert.equal(happened, ['1040 b xxxxxxxxx', '1540 b yyyyyyyyy']);
});

stream('says again what met a cut, ever later, and nothing is lost', async () => {
  using time = new VirtualTime(1);
  const { a, path, happened } = joined(time);
  const mend = path.cut();
  a.send(text('early'));
  time.after(1_000, () => {
    mend();
    a.send(text('late'));
  });
  await time.runUntil(5_000);
  assert.equal(happened, ['1440 b early', '1440 b late']);
});

stream('gives up after a quarter of an hour', async () => {
  using time = new VirtualTime(1);
  const { a, path, happened } = joined(time);
  path.cut();
  a.send(text('lost'));
  await time.runUntil(1_200_000);
  assert.is(happened.length, 1);
  assert.match(happened[0] ?? '', /^\d{6} a broken$/);
});

stream('tells the other side of a reset, or, after a cut, once it says something', async () => {
  using time = new VirtualTime(1);
  const told = joined(time);
  told.a.reset();
  await time.runUntil(100);
  assert.equal(told.happened, ['40 b broken']);
  const untold = joined(time);
  const mend = untold.path.cut();
  untold.a.reset();
  await time.runUntil(300);
  mend();
  untold.b.send(text('hello'));
  await time.runUntil(1_000);
  assert.equal(untold.happened, ['380 b broken']);
});

stream('carries what one side says while the other is not heard', async () => {
  using time = new VirtualTime(1);
  const { a, b, path, happened } = joined(time);
  const mend = path.cut(['a']);
  a.send(text('unheard'));
  b.send(text('heard'));
  await time.runUntil(150);
  mend();
  await time.runUntil(1_000);
  assert.equal(happened, ['40 a heard', '240 b unheard']);
});

stream('holds all back while its path is clogged, and takes longer on a narrow one', async () => {
  using time = new VirtualTime(1);
  const { a, path, happened } = joined(time);
  path.cloggedUntil = 500;
  a.send(text('one'));
  a.send(text('two'));
  await time.runUntil(600);
  const widen = path.narrow(8_000);
  a.send(text('x'.repeat(948)));
  widen();
  a.send(text('y'));
  await time.runUntil(3_000);
  assert.equal(happened, ['500 b one', '500 b two', '1640 b xxxxxxxxx', '1640 b y']);
});

stream('asks whoever writes to wait, while nobody reads', async () => {
  using time = new VirtualTime(1);
  const { a, b, happened } = joined(time);
  b.pause();
  assert.ok(a.send(text('x'.repeat(60_000))));
  assert.not.ok(a.send(text('y'.repeat(60_000))));
  await time.runUntil(1_000);
  assert.equal(happened, []);
  b.resume();
  await time.runUntil(2_000);
  assert.equal(happened, ['1000 b xxxxxxxxx', '1000 b yyyyyyyyy', '1000 a drained']);
});

stream.run();
