/** Signature pairs a second, held against the two native signatures alone. */

import { type Bench, measureRates } from './bench.ts';
import { nativeSigning } from './native-pair.ts';
import { CONTEXT, MESSAGE, SIGNER } from './signed-message.ts';

/** `suite.sign` */
export const bench: Bench = {
  name: 'suite.sign',
  unit: 'pairs/s',
  measure: () => measureRates(() => SIGNER.sign(MESSAGE, CONTEXT), nativeSigning(MESSAGE, CONTEXT)),
};
