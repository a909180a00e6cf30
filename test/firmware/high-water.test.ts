/** Marks of a chip: what may happen to an honest one, and what gives a restored one away. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { advanceMarks, type ChipMarks, CLOCK_STORED_EVERY_MS } from '../../firmware/high-water.ts';
import { refuses } from '../refused.ts';

const highWater = suite('firmware/high-water');

interface Change {
  readonly clockMs?: bigint;
  readonly resetCount?: number;
  readonly restartCount?: number;
  readonly safe?: boolean;
  readonly counter?: bigint | null;
  readonly firmwareVersion?: bigint;
}

function marks(change: Change = {}): ChipMarks {
  const { counter = 40n, firmwareVersion = 7n, ...clock } = change;
  return {
    clock: { clockMs: 10_000_000n, resetCount: 8, restartCount: 2, safe: true, ...clock },
    firmwareVersion,
    counter,
  };
}

const HELD = marks();

highWater('are what was seen first', () => {
  assert.equal(advanceMarks(null, HELD), { marks: HELD, clockUnsafe: false });
});

highWater('stay when the same evidence comes again', () => {
  assert.equal(advanceMarks(HELD, HELD).marks, HELD);
});

highWater('rise in an orderly restart', () => {
  const seen = marks({ resetCount: 9, restartCount: 0, clockMs: 10_000_001n });
  assert.equal(advanceMarks(HELD, seen).marks, seen);
});

highWater('forgive a clock that lost what was not stored when the power was cut', () => {
  const clockMs = HELD.clock.clockMs - CLOCK_STORED_EVERY_MS;
  const seen = marks({ resetCount: 9, restartCount: 0, clockMs, safe: false });
  assert.is(advanceMarks(HELD, seen).clockUnsafe, true);
  const beyond = marks({ resetCount: 9, restartCount: 0, clockMs: clockMs - 1n, safe: false });
  refuses('marks-regressed', () => advanceMarks(HELD, beyond));
});

const regressions: readonly (readonly [string, Change])[] = [
  ['resets', { resetCount: 7 }],
  ['restarts within one reset', { restartCount: 1 }],
  ['a clock within one reset', { clockMs: 9_999_999n }],
  ['a clock within one reset, called unsafe', { clockMs: 9_999_999n, safe: false }],
  ['a safe clock after a reset', { resetCount: 9, clockMs: 9_999_999n }],
  ['the counter', { counter: 39n }],
  ['the counter by its absence', { counter: null }],
  ['the firmware version', { firmwareVersion: 6n }],
];

for (const [name, change] of regressions) {
  highWater(`notice a fall of ${name}`, () => {
    refuses('marks-regressed', () => advanceMarks(HELD, marks(change)));
  });
}

highWater('take a counter that appears', () => {
  const seen = marks({ counter: 1n });
  assert.equal(advanceMarks(marks({ counter: null }), seen).marks, seen);
});

highWater.run();
