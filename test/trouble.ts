/** Asserts on refusals by code, for synchronous and asynchronous attempts. */

import * as assert from 'uvu/assert';
import { Failure, type FailureCode } from '../core/failure.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';

/** Asserts that `attempt` is refused with `code`, and hands the refusal back for its details. */
export async function refused(attempt: () => unknown, code: RefusalCode): Promise<Refusal> {
  const error = await errorOf(attempt);
  if (!(error instanceof Refusal)) throw error ?? new Error(`not refused; expected ${code}`);
  assert.is(error.code, code);
  return error;
}

/** Asserts that `attempt` fails with `code`. */
export async function failed(attempt: () => unknown, code: FailureCode): Promise<Failure> {
  const error = await errorOf(attempt);
  if (!(error instanceof Failure)) throw error ?? new Error(`did not fail; expected ${code}`);
  assert.is(error.code, code);
  return error;
}

async function errorOf(attempt: () => unknown): Promise<unknown> {
  try {
    await attempt();
  } catch (error) {
    return error;
  }
  return undefined;
}
