/**
 * A moment: one reading of the clocks, judged (PROTOCOL §4.1, §4.4).
 *
 * A step and an evaluation fix theirs once, before anything else. `wall` is the date to go by: that
 * of the machine's clock, or what somebody proved or said in this boot plus boot time since. What
 * judges is `known-time.ts`; everybody else is handed the result.
 */

import type { Instant } from '../core/time.ts';

/** A reading of the clocks, and what the date in it is worth. */
export interface Moment extends Instant {
  /** False where the date is not known: then every domain is at best SURVIVAL. */
  readonly isKnown: boolean;
  /** True where somebody vouched for the date in this boot: the ledger may fall to it (§4.2). */
  readonly isVouched: boolean;
  /** True where it may be ahead by more than half a lead: nothing is dated by it (§4.4). */
  readonly isRough: boolean;
}

/** The moment of a machine whose clock is believed as it stands. */
export function asRead({ wall, boot }: Instant): Moment {
  return { wall, boot, isKnown: true, isVouched: false, isRough: false };
}
