/** Durations just inside and just outside of each step, bars, widths, and stand-ins. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as format from '../../tui/format.ts';

const text = suite('tui/format');

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

text('tells an age no finer than it matters', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, 'under 2 min'],
    [2 * MINUTE - 1, 'under 2 min'],
    [2 * MINUTE, '2 min'],
    [HOUR - 1, '59 min'],
    [HOUR, '1 h'],
    [2 * HOUR + 39 * MINUTE, '2 h 35 min'],
    [6 * HOUR + 50 * MINUTE, '6 h'],
    [2 * DAY - 1, '47 h'],
    [2 * DAY, '2 d'],
    [3 * DAY + 4 * HOUR, '3 d 4 h'],
  ];
  for (const [ms, expected] of cases) assert.is(format.ageText(ms), expected);
});

text('counts down in steps that grow finer near the end', () => {
  const cases: readonly (readonly [number, string])[] = [
    [-1, '0 s'],
    [1, '1 s'],
    [20_000, '20 s'],
    [20_001, '30 s'],
    [2 * MINUTE, '2 min'],
    [5 * MINUTE - 1, '4 min'],
    [5 * MINUTE, '5+ min'],
    [10 * MINUTE - 1, '5+ min'],
    [HOUR, '1+ h'],
    [DAY, '24+ h'],
    [6 * DAY + 23 * HOUR, '6+ d'],
  ];
  for (const [ms, expected] of cases) assert.is(format.leftText(ms), expected);
});

text('never promises more time than is left beyond two minutes', () => {
  for (let ms = 2 * MINUTE; ms < 8 * DAY; ms += 37_123) {
    const [, count = '', unit = ''] = /^(\d+)\+? (min|h|d)$/.exec(format.leftText(ms)) ?? [];
    const unitMs = { min: MINUTE, h: HOUR, d: DAY }[unit] ?? Number.NaN;
    assert.ok(Number.parseInt(count, 10) * unitMs <= ms, `${ms}`);
  }
});

text('draws an age against its limits, each part full exactly when it is over', () => {
  const limits = { freshForMs: 100, degradedForMs: 200, survivalForMs: 400 };
  const bar = (ageMs: number | null) => format.toAscii(format.ageBar({ limits, ageMs }, 14));
  assert.is(bar(0), '#...|....|....');
  assert.is(bar(99), '####|....|....');
  assert.is(bar(100), '####|#...|....');
  assert.is(bar(399), '####|####|####');
  assert.is(bar(9_999), '####|####|####');
  assert.is(bar(null), '####|####|####');
});

text('fits every script into its columns', () => {
  assert.is(format.fit('abc', 5), 'abc  ');
  assert.is(format.fit('abcdef', 4), 'abc…');
  assert.is(format.fit('日本語', 6), '日本語');
  assert.is(format.fit('日本語', 5), '日本…');
  assert.is(format.fit('日本語', 4), '日… ');
  assert.is(format.widthOf('e\u0301'), 1);
  assert.is(format.fit('abc', 0), '');
});

text('breaks lines at spaces, and cuts what has none', () => {
  assert.equal(format.wrap('aa bb cc', 5), ['aa bb', 'cc']);
  assert.equal(format.wrap('aaaaaaa b', 5), ['aaaa…', 'b']);
});

text('has an ASCII stand-in of equal width for every character', () => {
  for (const plain of ['█░│─…·›●○↑↓', 'naïve', '日本']) {
    const ascii = format.toAscii(plain);
    assert.match(ascii, /^[ -~]*$/);
    assert.is(ascii.length, format.widthOf(plain));
  }
});

text.run();
