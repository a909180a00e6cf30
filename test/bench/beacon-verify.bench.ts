/** Beacons judged a second: decoded, read, both legs verified, held against the legs alone. */

import { type Bench, measureRates } from './bench.ts';
import { nativeVerification } from './native-pair.ts';
import { beaconPair, judgeBeacon } from './real-beacon.ts';

/** `beacon.verify` */
export const bench: Bench = {
  name: 'beacon.verify',
  unit: 'beacons/s',
  measure: () => measureRates(judgeBeacon, nativeVerification(beaconPair())),
};
