/** The two clocks: what each type admits, and what arithmetic does at the ends of its range. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../core/assert.ts';
import { addMs, bootMs, DAY_MS, elapsedMs, UNIX_MS_MAX, unixMs } from '../../core/time.ts';

const time = suite('core/time');

const isBug = (error: unknown): boolean => error instanceof Bug;

time('takes whole milliseconds from 1970 to the year 9999', () => {
  assert.is(unixMs(0), 0);
  assert.is(unixMs(UNIX_MS_MAX), Date.UTC(9999, 11, 31, 23, 59, 59, 999));
  for (const ms of [-1, 0.5, UNIX_MS_MAX + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => unixMs(ms), isBug);
  }
});

time('takes no reading of a boot clock before the boot', () => {
  assert.is(bootMs(0), 0);
  for (const ms of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => bootMs(ms), isBug);
});

time('moves within the range and stops at its ends', () => {
  assert.is(addMs(unixMs(1_000), 500), 1_500);
  assert.is(addMs(unixMs(1_000), -2_000), 0);
  assert.is(addMs(unixMs(UNIX_MS_MAX), DAY_MS), UNIX_MS_MAX);
  assert.is(addMs(unixMs(1_000), 0.9), 1_000);
});

time('elapsed between two readings is never negative', () => {
  assert.is(elapsedMs(bootMs(5), bootMs(12)), 7);
  assert.is(elapsedMs(bootMs(12), bootMs(5)), 0);
});

time.run();
