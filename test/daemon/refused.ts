/** Asserts a refusal by its code, of an attempt that may be asynchronous. */

import * as assert from 'uvu/assert';
import { Refusal, type RefusalCode } from '../../core/refusal.ts';
import { ControlError } from '../../daemon/control/frames.ts';

/** Asserts that `attempt` is refused with `code`, and hands the refusal back for its details. */
export async function refused(attempt: () => unknown, code: RefusalCode): Promise<Refusal> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.is(error.code, code);
    return error;
  }
  throw new Error(`not refused; expected ${code}`);
}

/** What a call to a daemon ended with: the code of its trouble, or `done`. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ControlError) return error.code;
    throw error;
  }
  return 'done';
}
