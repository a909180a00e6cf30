/** The arithmetic of the soak. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { slopePerHour, verdictOf } from './slope.ts';
import type { Sample } from './watch.ts';

const soak = suite('soak/slope');

const MINUTE_MS = 60_000;

/** An hour of samples that start at `rssMb` and grow by so much a minute. */
function hourOf(grows: { rssMb?: number; handles?: number; cpuMs?: number }): readonly Sample[] {
  const { rssMb = 0, handles = 0, cpuMs = 60 } = grows;
  return Array.from({ length: 61 }, (_, minute) => ({
    atMs: minute * MINUTE_MS,
    rssMb: 100 + minute * rssMb,
    handles: 60 + minute * handles,
    sockets: 40,
    cpuMs: 3_000 + minute * cpuMs,
  }));
}

soak('finds the slope of a line, and none where nothing grows', () => {
  const samples = hourOf({ rssMb: 0.5 });
  assert.is(Number(slopePerHour(samples, ({ rssMb }) => rssMb).toFixed(6)), 30);
  assert.is(
    slopePerHour(samples, ({ sockets }) => sockets),
    0,
  );
});

soak('calls steady what keeps within its bounds, and says what it used', () => {
  const { verdict, passed, cpuShare, rssMbMax, hours } = verdictOf(hourOf({}));
  assert.equal(
    { verdict, passed, cpuShare, rssMbMax, hours },
    {
      ...{ verdict: 'steady', passed: [], cpuShare: 0.001, rssMbMax: 100, hours: 1 },
    },
  );
});

soak('names each bound that was passed', () => {
  const leak = verdictOf(hourOf({ rssMb: 0.6, handles: 0.1, cpuMs: 600 }));
  assert.is(leak.verdict, 'unsteady');
  assert.equal(leak.passed, ['rssMb', 'cpuShare', 'rssMbPerHour', 'handlesPerHour']);
});

soak('leaves out the quarter in which caches fill', () => {
  const filling = hourOf({}).map((sample, minute) => ({
    ...sample,
    rssMb: Math.min(100, 60 + 4 * minute),
  }));
  assert.is(verdictOf(filling).rssMbPerHour, 0);
});

soak.run();
