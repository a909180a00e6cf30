/** Verified pairs a second where the runtime lacks the algorithms, held against the native ones. */

import { portableSuite } from '../../core/portable-suite.ts';
import { type Bench, measureRates } from './bench.ts';
import { nativeVerification } from './native-pair.ts';
import { GOOD_PAIR } from './signed-message.ts';

/** `suite.verify.noble` */
export const bench: Bench = {
  name: 'suite.verify.noble',
  unit: 'pairs/s',
  measure: () => measureRates(() => portableSuite.verify(GOOD_PAIR), nativeVerification(GOOD_PAIR)),
};
