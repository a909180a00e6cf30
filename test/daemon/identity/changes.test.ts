/** Waking streams: a few at once, many in batches, and none later than promised. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MASS_UPDATE_MS } from '../../../core/limits.ts';
import { Changes } from '../../../daemon/identity/changes.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const changes = suite('daemon/identity/changes');

/** `count` followers, each past its first turn, and how often each was woken since. */
async function follow(bell: Changes, count: number, ending: AbortController) {
  const woken = new Array<number>(count).fill(-1);
  for (let i = 0; i < count; i++) {
    void (async () => {
      for await (const _ of bell.follow(ending.signal)) woken[i] = (woken[i] ?? 0) + 1;
    })();
  }
  await settle();
  return { woken, count: () => woken.filter((times) => times > 0).length };
}

changes('wake a few at once', async () => {
  const clock = new FakeClock();
  const bell = new Changes(clock);
  const ending = new AbortController();
  const followers = await follow(bell, 32, ending);
  bell.notify();
  await settle();
  assert.is(followers.count(), 32);
  assert.is(clock.waiting, 0);
  ending.abort();
});

for (const count of [33, 1_000, 4_096]) {
  changes(`wake ${count} in batches, the last in time`, async () => {
    const clock = new FakeClock();
    const bell = new Changes(clock);
    const ending = new AbortController();
    const followers = await follow(bell, count, ending);
    bell.notify();
    await settle();
    assert.ok(followers.count() < count);
    clock.advance(MASS_UPDATE_MS);
    await settle();
    assert.is(followers.count(), count);
    assert.ok(followers.woken.every((times) => times === 1));
    ending.abort();
  });
}

changes('of two changes in a row wake nobody twice who waits still', async () => {
  const clock = new FakeClock();
  const bell = new Changes(clock);
  const ending = new AbortController();
  const followers = await follow(bell, 100, ending);
  bell.notify();
  bell.notify();
  clock.advance(MASS_UPDATE_MS);
  await settle();
  const [first = 0] = followers.woken;
  assert.is(followers.count(), 100);
  assert.is(followers.woken.at(-1), 1);
  assert.ok(first <= 2);
  ending.abort();
});

changes('that are closed leave nothing waiting', async () => {
  const clock = new FakeClock();
  const bell = new Changes(clock);
  const ending = new AbortController();
  await follow(bell, 100, ending);
  bell.notify();
  assert.is(clock.waiting, 1);
  bell.close();
  assert.is(clock.waiting, 0);
  ending.abort();
});

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

changes.run();
