/** The hybrid suite in plain JavaScript, and the oracle of the native one in tests. */

import { ed25519Portable } from './ed25519-portable.ts';
import { mlDsa65Portable } from './ml-dsa-65-portable.ts';
import { pairSuite, type Suite } from './suite.ts';

/** The pair as @noble computes it, in plain JavaScript. */
export const portableSuite: Suite = pairSuite('portable', ed25519Portable, mlDsa65Portable);
