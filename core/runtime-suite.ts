/**
 * The suite of this runtime. The portable one is loaded only where it is needed: that takes longer
 * than a daemon's first answer may wait for it.
 */

import { hasNativeMlDsa } from './ml-dsa-65.ts';
import { nativeSuite, type Suite } from './suite.ts';

const CHOSEN: Suite = hasNativeMlDsa()
  ? nativeSuite
  : (await import('./portable-suite.ts')).portableSuite;

/** The faster suite that this runtime has. */
export function runtimeSuite(): Suite {
  return CHOSEN;
}
