/** Calendar arithmetic against the runtime's own calendar. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, UNIX_MS_MAX, unixMs } from '../../../core/time.ts';
import { formatRfc3339, formatSecond, parseRfc3339 } from '../../../daemon/text/rfc3339.ts';

const rfc3339 = suite('daemon/text/rfc3339');

rfc3339('writes both ends of the range', () => {
  assert.is(formatRfc3339(unixMs(0)), '1970-01-01T00:00:00.000Z');
  assert.is(formatRfc3339(unixMs(UNIX_MS_MAX)), '9999-12-31T23:59:59.999Z');
});

rfc3339('agrees with the runtime on every day of eight centuries', () => {
  for (let day = 0; day < 300_000; day++) {
    const at = unixMs(day * DAY_MS + ((day * 7_919) % DAY_MS));
    const expected = new Date(at).toISOString();
    if (formatRfc3339(at) !== expected) assert.is(formatRfc3339(at), expected);
  }
});

rfc3339('reads whole seconds of UTC that exist, and nothing else', () => {
  const second = '2026-11-21T05:50:58Z';
  const at = parseRfc3339(second);
  assert.is(at, Date.UTC(2026, 10, 21, 5, 50, 58));
  assert.is(formatSecond(unixMs((at ?? 0) + 999)), second);
  for (const wrong of [
    '2026-11-21T05:50:58',
    '2026-11-21T05:50:58.000Z',
    '2026-11-21 05:50:58Z',
    '2026-11-21T05:50:58+00:00',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '',
  ]) {
    assert.is(parseRfc3339(wrong), undefined, wrong);
  }
});

rfc3339.run();
