/**
 * How long a chip stays locked after wrong guesses, and what a command says that met the lock.
 *
 * A chip forgives one failure an interval of *powered* time, and does not say when the running
 * interval began. So the end is a bound: at the latest then, if the machine stays on and nobody
 * guesses again. What we make is exempt from the lock (noDA); it is met through keys of others.
 * TPM 2.0 Part 1 §19.8.
 */

import { Failure } from '../../core/failure.ts';
import { addMs, SECOND_MS, type UnixMs } from '../../core/time.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import { isTpmError } from '../../firmware/tpm-rc.ts';
import { getLockoutState, type LockoutState } from '../../firmware/tpm-state.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';

/** When a lock ends: it does not hold, at the latest at a moment, or by its password alone. */
export type LockoutEnd =
  | { readonly kind: 'open' }
  | { readonly kind: 'at-latest'; readonly at: UnixMs }
  | { readonly kind: 'never' };

/** The end of the lock, as seen from `now`. */
export function lockoutEnd(state: LockoutState, now: UnixMs): LockoutEnd {
  if (!state.isLockedOut) return { kind: 'open' };
  if (state.failuresMax === 0 || state.intervalS === 0) return { kind: 'never' };
  const surplus = Math.max(1, state.failures - state.failuresMax + 1);
  return { kind: 'at-latest', at: addMs(now, surplus * state.intervalS * SECOND_MS) };
}

/** The end of the lock in words. */
export function describeLockoutEnd(end: LockoutEnd): string {
  switch (end.kind) {
    case 'open':
      return 'not locked';
    case 'at-latest':
      return `locked until ${formatRfc3339(end.at)} at the latest, while it stays powered`;
    case 'never':
      return 'locked until its lockout password resets it';
  }
}

/** `error`, or if the chip refused for its lock, the same failure that says until when. */
export async function explainLockout(tpm: Tpm, error: unknown, now: UnixMs): Promise<unknown> {
  if (!isTpmError(error, 'LOCKOUT')) return error;
  const end = describeLockoutEnd(lockoutEnd(await getLockoutState(tpm), now));
  return new Failure(error.code, `${error.message}: ${end}`, error);
}
