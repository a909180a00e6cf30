/**
 * Beacons admitted a second, from bytes to the records that are to be written, held against the two
 * signature verifications that none of it can do without.
 */

import { Refusal } from '../../core/refusal.ts';
import { DAY_MS } from '../../core/time.ts';
import { admit, UNBOUNDED_STEPS } from '../../federation/admit.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { Climber } from '../federation/climber.ts';
import { forgeRoot } from '../federation/forge.ts';
import { type Bench, type Measured, measureRates } from './bench.ts';
import { nativeVerification } from './native-pair.ts';
import { BEACON, beaconPair } from './real-beacon.ts';

/** It allows the chain of a day that the beacon has. */
const ROOT = forgeRoot({ members: { chainMs: DAY_MS } });

/** `admit` */
export const bench: Bench = { name: 'admit', unit: 'beacons/s', measure };

function measure(): Promise<Measured> {
  const { belief, context } = new Climber(ROOT).take(ROOT);
  const admitBeacon = (): void => {
    const envelope = decodeEnvelope(BEACON.bytes);
    const { refusal, writes } = admit(
      context,
      belief,
      { kind: 'envelope', envelope },
      UNBOUNDED_STEPS,
    );
    if (refusal instanceof Refusal || writes.length === 0) throw new Error('not admitted');
  };
  return measureRates(admitBeacon, nativeVerification(beaconPair()));
}
