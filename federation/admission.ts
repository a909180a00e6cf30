/**
 * What admitting one piece of evidence comes to: a new belief, the records that store the step,
 * and what to tell the world. A rung that refuses throws; nothing has changed then.
 */

import type { Refusal } from '../core/refusal.ts';
import type { Suite } from '../core/suite.ts';
import type { Belief } from './belief.ts';
import type { Effect, RecordWrite } from './effect.ts';
import type { Moment } from './moment.ts';

/** What every rung may look at besides the belief and the bytes. */
export interface AdmitContext {
  readonly suite: Suite;
  /** Fixed once for the whole step (PROTOCOL §4.1). */
  readonly now: Moment;
  /** The kernel's boot_id, which stored boot-clock readings belong to. */
  readonly bootId: string;
}

/** What admitting one piece of evidence came to; nothing of it is done until it is committed. */
export interface Admission {
  readonly belief: Belief;
  readonly writes: readonly RecordWrite[];
  /** Audit entries and alarms, after the records and before anything is forwarded. */
  readonly notes: readonly Effect[];
  /** Worth gossiping on: true for a beacon, a tick, a stop that was new to us. */
  readonly forward: boolean;
  /** Set where the evidence itself is refused although it taught us something (a proof, a hold). */
  readonly refusal: Refusal | null;
}
