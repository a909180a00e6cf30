/** The host clock against the real kernel. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bootMs, unixMs } from '../../../core/time.ts';
import { openClock, steadyWall } from '../../../daemon/host/clock.ts';

const clock = suite('daemon/host/clock');

clock('reads a wall time, a boot time and the boot they belong to', () => {
  const opened = openClock();
  const { wall, boot } = opened.now();
  assert.ok(Math.abs(wall - Date.now()) < 5_000);
  assert.ok(boot > 0);
  assert.match(opened.bootId, /^[0-9a-f-]{36}$/);
});

clock('keeps the wall clock at one distance from a boot time that is read in steps', () => {
  const steady = steadyWall();
  const ahead = new Set<number>();
  for (let ms = 0; ms < 1_000; ms += 7) {
    const boot = bootMs(50_000 + ms - (ms % 10));
    ahead.add(steady(unixMs(1_900_000_000_000 + ms), boot) - boot);
  }
  assert.is(ahead.size, 1);
});

clock('tells a wall clock that was set, and one that drifts, to within 20 ms', () => {
  const steady = steadyWall();
  const at = (wall: number) => steady(unixMs(wall), bootMs(50_000)) - wall;
  assert.is(at(1_900_000_000_000), 0);
  assert.is(at(1_900_000_000_020), -20);
  assert.is(at(1_900_000_000_021), 0);
  assert.is(at(1_800_000_000_000), 0);
});

clock('wakes once boot time has reached the hour asked for, not before', async () => {
  const opened = openClock();
  const at = bootMs(opened.now().boot + 50);
  const woken = await new Promise<number>((resolve) => {
    opened.wakeAt(at, () => resolve(opened.now().boot));
  });
  assert.ok(woken >= at);
});

clock('wakes at once for a time that has passed', async () => {
  const opened = openClock();
  await new Promise<void>((resolve) => {
    opened.wakeAt(bootMs(0), resolve);
  });
});

clock('does not wake what was cancelled', async () => {
  const opened = openClock();
  const { boot } = opened.now();
  let woken = false;
  const cancel = opened.wakeAt(bootMs(boot + 20), () => {
    woken = true;
  });
  cancel();
  await new Promise<void>((resolve) => {
    opened.wakeAt(bootMs(boot + 60), resolve);
  });
  assert.not(woken);
});

clock.run();
