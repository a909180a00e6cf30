/** Members read by type and range, and the `must` rule (PROTOCOL §1.1). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { type Json, parseJson } from '../../core/canonical.ts';
import { UNIX_MS_MAX } from '../../core/time.ts';
import { Members } from '../../federation/members.ts';
import { refuses } from '../refused.ts';

const members = suite('federation/members');

const of = (value: Json): Members => new Members({ x: value }, 'test');

/** Asserts that `read` takes every one of `good` and refuses every one of `bad`. */
function judges(
  read: (from: Members) => unknown,
  good: readonly Json[],
  bad: readonly Json[],
): void {
  for (const value of good) read(of(value));
  for (const value of bad) refuses('document-malformed', () => read(of(value)), String(value));
  refuses('document-malformed', () => read(new Members({}, 'test')), 'absent');
}

members('are those of an object', () => {
  for (const value of [null, 1, 'x', [], undefined]) {
    refuses('document-malformed', () => new Members(value, 'test'));
  }
  judges((from) => from.object('x'), [{}], [null, [], 'x', 1]);
  assert.equal(new Members({ b: 1, a: 2 }, 'test').names(), ['a', 'b']);
});

members('of type text are not empty and not too long', () => {
  judges((from) => from.text('x', 3), ['a', 'abc'], ['', 'abcd', 1, null, ['a']]);
});

members('of type flag are true or false', () => {
  judges((from) => from.flag('x'), [true, false], [0, 1, 'true', null]);
});

members('of type integer are whole and in range', () => {
  judges((from) => from.integer('x', 1, 9), [1, 9], [0, 10, 1.5, '5', null, 2 ** 53]);
});

members('of type u64 are decimal strings of one spelling', () => {
  judges(
    (from) => from.u64('x'),
    ['0', '7', '18446744073709551615'],
    ['', '07', '+7', '-1', '7 ', '0x7', '1e3', '18446744073709551616', '9'.repeat(21), 7, null],
  );
  assert.is(of('9007199254740993').u64('x'), 9_007_199_254_740_993n);
});

members('of type time end with the year 9999', () => {
  judges((from) => from.time('x'), ['0', String(UNIX_MS_MAX)], [String(UNIX_MS_MAX + 1), 0]);
});

members('of type digest are 64 lower-case hex digits', () => {
  const digest = '0123456789abcdef'.repeat(4);
  const bad = [digest.slice(1), `${digest}0`, digest.toUpperCase(), `${digest.slice(1)}g`, 0];
  judges((from) => from.digest('x'), [digest], [...bad, null]);
  judges((from) => from.digestOrNull('x'), [digest, null], bad);
  const other = 'f'.repeat(64);
  judges((from) => from.digests('x', 2), [[], [digest, other]], [[digest, digest], ['x'], digest]);
  refuses('document-malformed', () => of([digest, other]).digests('x', 1));
});

members('of type bytes have their exact length', () => {
  judges((from) => from.bytes('x', 2), ['AAE'], ['AA', 'AAEC', '', 1, null]);
  refuses('bad-encoding', () => of('A_=').bytes('x', 2));
});

members('of type list have at most so many items', () => {
  judges((from) => from.list('x', 2), [[], [1, 2]], [[1, 2, 3], {}, 'ab', null]);
  judges((from) => from.item('x', 0), [[{}]], [[], [1], {}, 'ab']);
});

members('named like those of every object are ordinary, and absent if nobody wrote them', () => {
  const parsed = parseJson(toUtf8('{"__proto__":1,"hasOwnProperty":2}'));
  const read = new Members(parsed, 'test');
  assert.is(read.integer('__proto__', 1, 1), 1);
  assert.not.ok(read.has('constructor'));
  refuses('document-malformed', () => read.value('constructor'));
});

members.run();
