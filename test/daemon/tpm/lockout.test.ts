/** When the lock of a chip ends, as far as the chip lets anybody know. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../../core/failure.ts';
import { addMs, SECOND_MS, unixMs } from '../../../core/time.ts';
import { describeLockoutEnd, explainLockout, lockoutEnd } from '../../../daemon/tpm/lockout.ts';
import type { LockoutState } from '../../../firmware/tpm-state.ts';
import { tpmOver } from '../../swtpm.ts';

const lockout = suite('daemon/tpm/lockout');

const NOW = unixMs(1_795_219_200_000);
const LOCKED: LockoutState = {
  isLockedOut: true,
  failures: 5,
  failuresMax: 5,
  intervalS: 600,
  recoveryS: 0,
};

lockout('ends one interval from now at the latest', () => {
  const end = { kind: 'at-latest', at: addMs(NOW, 600 * SECOND_MS) } as const;
  assert.equal(lockoutEnd(LOCKED, NOW), end);
  const words = 'locked until 2026-11-21T00:10:00.000Z at the latest, while it stays powered';
  assert.is(describeLockoutEnd(end), words);
});

lockout('lasts an interval for each failure beyond the bound, which may have been lowered', () => {
  const end = lockoutEnd({ ...LOCKED, failuresMax: 3 }, NOW);
  assert.equal(end, { kind: 'at-latest', at: addMs(NOW, 3 * 600 * SECOND_MS) });
});

lockout('has no end where no failure is admitted, or none is forgiven', () => {
  for (const change of [{ failuresMax: 0 }, { intervalS: 0 }]) {
    const end = lockoutEnd({ ...LOCKED, ...change }, NOW);
    assert.is(describeLockoutEnd(end), 'locked until its lockout password resets it');
  }
});

lockout('is open where the chip says so', () => {
  const end = lockoutEnd({ ...LOCKED, isLockedOut: false }, NOW);
  assert.is(describeLockoutEnd(end), 'not locked');
});

lockout('is explained to nobody who met another trouble', async () => {
  const unasked = tpmOver({
    transmit: () => Promise.reject(new Error('asked')),
    close: async () => undefined,
  });
  const error = new Failure('tpm-refused', 'something else');
  assert.is(await explainLockout(unasked, error, NOW), error);
});

lockout.run();
