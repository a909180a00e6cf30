/** Asserts a refusal by its code, the only part of a refusal that is promised. */

import * as assert from 'uvu/assert';
import { Refusal, type RefusalCode } from '../core/refusal.ts';

/** Fails unless `attempt` throws a `Refusal` of `code`; `about` tells one case of a table apart. */
export function refuses(code: RefusalCode, attempt: () => unknown, about = ''): void {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.is(error.code, code, `${about}: refused as ${error.code}, not as ${code}`);
    return;
  }
  assert.unreachable(`${about}: taken, though ${code} was due`);
}
