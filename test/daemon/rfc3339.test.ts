/** Calendar arithmetic against the runtime's own calendar. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, UNIX_MS_MAX, unixMs } from '../../core/time.ts';
import { formatRfc3339 } from '../../daemon/rfc3339.ts';

const rfc3339 = suite('daemon/rfc3339');

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

rfc3339.run();
