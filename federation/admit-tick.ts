/**
 * The ladder for ticks and stops (PROTOCOL §3.2 to §3.4).
 *
 * Everything that can be said without hashing is said first. Under a matching tag a wrong value is
 * provably wrong; everything else is merely late, early or unlucky.
 */

import { Refusal } from '../core/refusal.ts';
import { addMs } from '../core/time.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { advance, evaluationClock } from './age.ts';
import { type Belief, isDisowned, newestRoot } from './belief.ts';
import { encodeKeeping } from './record.ts';
import { recordKey } from './record-key.ts';
import {
  isTickOf,
  STOP_INDEX,
  tickTime,
  type UnverifiedTick,
  verifyStop,
  verifyTick,
} from './tick.ts';

/** Hash steps the sender may still cause; `spend` refuses `tick-budget`. */
export interface StepBudget {
  spend(steps: number): void;
}

/** Admits a tick or a stop of the beacon held. */
export function admitTick(
  context: AdmitContext,
  belief: Belief,
  tick: UnverifiedTick,
  budget: StepBudget,
): Admission {
  const held = belief.beacon;
  const from = belief.tick;
  const { keeping, asOf } = belief;
  // PROTOCOL §3.3 — a tick names a beacon by 8 bytes of its digest; ask for what is not held.
  if (held === null || from === null || keeping === null || !isTickOf(tick, held.beacon.digest)) {
    throw new Refusal('tick-unknown-beacon', { domain: belief.domain });
  }
  const { beacon, commitment } = held;
  if (tick.index === STOP_INDEX) return admitStop(belief, tick, budget);
  // PROTOCOL §3.4 — after a stop no tick of that beacon counts.
  if (belief.stop !== null) throw new Refusal('tick-stopped', { epoch: beacon.epoch });
  // PROTOCOL §5.2 — a disowned key freshens nothing more.
  if (isDisowned(belief, held.signedBy)) throw new Refusal('key-revoked', { key: held.signedBy });
  // PROTOCOL §3.3 — replay: at or below the highest.
  if (tick.index <= from.index) {
    throw new Refusal('tick-not-newer', { held: from.index, got: tick.index });
  }
  if (tick.index > beacon.count) {
    throw new Refusal('tick-beyond-chain', { count: beacon.count, got: tick.index });
  }
  // PROTOCOL §4.3 — premature: a stolen seed can reveal steps whose time has not come.
  const time = tickTime(beacon, tick.index);
  const lead = newestRoot(belief)?.root.maxLeadMs ?? 0;
  if (time > addMs(evaluationClock(keeping, context.now), lead)) {
    throw new Refusal('tick-from-future', { index: tick.index, time });
  }
  budget.spend(tick.index - from.index);
  verifyTick(commitment, tick, from);
  const next: Belief = {
    ...belief,
    tick: { index: tick.index, value: tick.value },
    asOf: time,
    keeping: advance(keeping, { from: asOf ?? beacon.issuedAt, to: time }, context.now),
  };
  return {
    belief: next,
    writes: [
      { key: recordKey(belief.domain, 'tick'), value: tick.bytes },
      {
        key: recordKey(belief.domain, 'keeping'),
        value: encodeKeeping(next, context.bootId, context.now.boot),
      },
    ],
    notes: [],
    forward: true,
    refusal: null,
  };
}

/** A stop is negative: it never ages, needs no date, and is believed before it is stored. */
function admitStop(belief: Belief, tick: UnverifiedTick, budget: StepBudget): Admission {
  const held = belief.beacon;
  if (held === null) throw new Refusal('tick-unknown-beacon', { domain: belief.domain });
  if (belief.stop !== null)
    throw new Refusal('tick-not-newer', { held: STOP_INDEX, got: STOP_INDEX });
  budget.spend(1);
  verifyStop(held.commitment, held.beacon, tick.value);
  return {
    belief: { ...belief, stop: tick.bytes },
    writes: [{ key: recordKey(belief.domain, 'stop'), value: tick.bytes }],
    notes: [
      {
        kind: 'audit',
        event: 'stop.admitted',
        fields: { domain: belief.domain, epoch: held.beacon.epoch },
      },
    ],
    forward: true,
    refusal: null,
  };
}
