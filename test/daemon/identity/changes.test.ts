/** Waking streams: a few at once, many in batches, and none later than promised. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MASS_UPDATE_MS } from '../../../core/limits.ts';
import { Changes } from '../../../daemon/identity/changes.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const changes = suite('daemon/identity/changes');

/** `count` followers, and how often each was woken. */
function follow(bell: Changes, count: number) {
  const woken = new Array<number>(count).fill(0);
  const leave = woken.map((_, i) =>
    bell.follow(() => {
      woken[i] = (woken[i] ?? 0) + 1;
    }),
  );
  return { woken, leave, count: () => woken.filter((times) => times > 0).length };
}

changes('wake a few at once', () => {
  const clock = new FakeClock();
  const bell = new Changes(clock);
  const followers = follow(bell, 32);
  bell.notify();
  assert.is(followers.count(), 32);
  assert.is(clock.waiting, 0);
});

for (const count of [33, 1_000, 4_096]) {
  changes(`wake ${count} in batches, the last in time`, () => {
    const clock = new FakeClock();
    const bell = new Changes(clock);
    const followers = follow(bell, count);
    bell.notify();
    assert.ok(followers.count() < count);
    clock.advance(MASS_UPDATE_MS);
    assert.is(followers.count(), count);
    assert.ok(followers.woken.every((times) => times === 1));
  });
}

changes('of two changes in a row wake nobody twice who waits still', () => {
  const clock = new FakeClock();
  const bell = new Changes(clock);
  const followers = follow(bell, 100);
  bell.notify();
  bell.notify();
  clock.advance(MASS_UPDATE_MS);
  const [first = 0] = followers.woken;
  assert.is(followers.count(), 100);
  assert.is(followers.woken.at(-1), 1);
  assert.ok(first <= 2);
});

changes('that are closed leave nothing waiting', () => {
  const clock = new FakeClock();
  const bell = new Changes(clock);
  follow(bell, 100);
  bell.notify();
  assert.is(clock.waiting, 1);
  bell.close();
  assert.is(clock.waiting, 0);
});

changes('leave those asleep who followed and left, due or not', () => {
  const clock = new FakeClock();
  const bell = new Changes(clock);
  const followers = follow(bell, 100);
  followers.leave[0]?.();
  bell.notify();
  followers.leave[99]?.();
  clock.advance(MASS_UPDATE_MS);
  assert.is(followers.count(), 98);
  assert.is(followers.woken[0], 0);
  assert.is(followers.woken[99], 0);
});

changes.run();
