/** Refusals as values: what they carry, and what is not turned into one. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug, assert as invariant, unreachable } from '../../core/assert.ts';
import { Failure } from '../../core/failure.ts';
import { describeDetails, REFUSALS, Refusal, refusalOf } from '../../core/refusal.ts';

const refusal = suite('core/refusal');

refusal('carries the judgement, the meaning and the mend of its code', () => {
  const refused = new Refusal('too-large', { limit: 3, got: 4 });
  assert.is(refused.judgement, 'reject');
  assert.is(refused.message, REFUSALS['too-large'].means);
  assert.is(refused.mend, REFUSALS['too-large'].mend);
  assert.is(new Refusal('epoch-rolled-back').judgement, 'ignore');
});

refusal('comes back as a value, alone of all errors', () => {
  assert.is(
    refusalOf(() => 5),
    5,
  );
  const refused = refusalOf(() => {
    throw new Refusal('truncated');
  });
  assert.ok(refused instanceof Refusal && refused.code === 'truncated');
  const others = [new Bug('a bug'), new Failure('timed-out', 'a failure'), new TypeError('x')];
  for (const other of others) {
    const attempt = (): never => {
      throw other;
    };
    assert.throws(
      () => refusalOf(attempt),
      (error: unknown) => error === other,
    );
  }
});

refusal('describes its details in the order they were given', () => {
  assert.is(
    describeDetails({ expected: 3, got: 2n, isLate: true }),
    'expected 3, got 2, isLate true',
  );
  assert.is(describeDetails({}), '');
});

refusal('keeps the cause of a failure', () => {
  const cause = new Error('disk');
  assert.is(new Failure('store-unwritable', 'cannot write', cause).cause, cause);
});

refusal('leaves a broken invariant to end the process', () => {
  assert.throws(
    () => invariant(false, 'impossible'),
    (error: unknown) => error instanceof Bug && error.message === 'impossible',
  );
  invariant(true, 'nothing');
  assert.throws(
    () => unreachable('x' as never),
    (error: unknown) => error instanceof Bug,
  );
});

refusal.run();
