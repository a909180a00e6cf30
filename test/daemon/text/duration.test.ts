/** Durations, both ways. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, HOUR_MS } from '../../../core/time.ts';
import { durationText, formatDuration, parseDuration } from '../../../daemon/text/duration.ts';

const duration = suite('daemon/text/duration');

duration('reads each unit', () => {
  assert.is(parseDuration('1500ms'), 1_500);
  assert.is(parseDuration('90s'), 90_000);
  assert.is(parseDuration('10m'), 600_000);
  assert.is(parseDuration('24h'), DAY_MS);
  assert.is(parseDuration('7d'), 7 * DAY_MS);
  assert.is(parseDuration('0s'), 0);
  assert.is(parseDuration('999999999ms'), 999_999_999);
});

duration('takes no other spelling', () => {
  const spellings = '10|m|010m|1.5h|-1s|+1s|1 s| 1s|1s |1S|1min|1h30m|1000000000ms|1e3s||0x1s|1w';
  for (const text of spellings.split('|')) assert.is(parseDuration(text), undefined, text);
});

duration('writes back what it reads, in the greatest unit', () => {
  for (const text of ['1500ms', '90s', '10m', '25h', '7d', '0ms']) {
    assert.is(durationText(parseDuration(text) ?? -1), text);
  }
  assert.is(durationText(24 * HOUR_MS), '1d');
});

duration('shows a person the two greatest units, rounded down', () => {
  assert.is(formatDuration(0), '0 ms');
  assert.is(formatDuration(-5), '0 ms');
  assert.is(formatDuration(850.9), '850 ms');
  assert.is(formatDuration(1_999), '1 s');
  assert.is(formatDuration(250_000), '4 min 10 s');
  assert.is(formatDuration(240_000), '4 min');
  assert.is(formatDuration(HOUR_MS + 59_000), '1 h');
  assert.is(formatDuration(2 * DAY_MS + 3 * HOUR_MS + 4), '2 d 3 h');
});

duration.run();
