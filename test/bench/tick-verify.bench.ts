/** Steps of a tick chain verified a second, held against bare SHA-256 over as many bytes. */

import { hash } from 'node:crypto';
import { decodeTick, tickBefore, verifyTick } from '../../federation/tick.ts';
import { type Bench, type Measured, measureRates } from './bench.ts';
import { BEACON, COMMITMENT } from './real-beacon.ts';

/** "holdfast/tick/v1" ‖ C ‖ u32 index ‖ v[index] */
const STEP_BYTES = 16 + 32 + 4 + 32;
const STEPS = 100;

/** `tick.verify` */
export const bench: Bench = { name: 'tick.verify', unit: 'steps/s', measure };

async function measure(): Promise<Measured> {
  const from = decodeTick(BEACON.tick(1_000));
  const tick = decodeTick(BEACON.tick(1_000 + STEPS));
  const bytes = new Uint8Array(STEP_BYTES);
  const hashOnly = (): void => {
    for (let i = 0; i < STEPS; i++) hash('sha256', bytes, 'latin1');
  };
  if (tickBefore(COMMITMENT, 1, from.value).length !== 32) throw new Error('a step is one SHA-256');
  const { value, limit = 0 } = await measureRates(
    () => verifyTick(COMMITMENT, tick, from),
    hashOnly,
  );
  return { value: value * STEPS, limit: limit * STEPS };
}
