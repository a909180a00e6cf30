/** What the signature benches sign and verify: one pair over a message as long as a beacon. */

import { nativeSuite, type PairCheck, SEED_PAIR_BYTES, type Signer } from '../../core/suite.ts';

/** The key of the benches; its seeds are nobody's secret. */
export const SIGNER: Signer = nativeSuite.openSigner(new Uint8Array(SEED_PAIR_BYTES).fill(7));
/** About the payload of a beacon. */
export const MESSAGE: Uint8Array = new Uint8Array(800).fill(0x61);
/** Any context; the length is that of the envelope's. */
export const CONTEXT = 'holdfast/envelope/v1';

/** A pair that verifies. */
export const GOOD_PAIR: PairCheck = {
  publicPair: SIGNER.publicPair,
  message: MESSAGE,
  context: CONTEXT,
  signature: SIGNER.sign(MESSAGE, CONTEXT),
};
