/** Verified pairs a second, held against the two native verifications alone. */

import { nativeSuite } from '../../core/suite.ts';
import { type Bench, measureRates } from './bench.ts';
import { nativeVerification } from './native-pair.ts';
import { GOOD_PAIR } from './signed-message.ts';

/** `suite.verify` */
export const bench: Bench = {
  name: 'suite.verify',
  unit: 'pairs/s',
  measure: () => measureRates(() => nativeSuite.verify(GOOD_PAIR), nativeVerification(GOOD_PAIR)),
};
