/** A narrow band: so many bits per second in each direction; of several the narrowest. */

import { MINUTE_MS } from '../../core/time.ts';
import type { Wire } from '../network.ts';
import { wireFault } from './wires.ts';

const TERMS = { low: 1_200, high: 64_000, forMs: 30 * MINUTE_MS };

interface Bands {
  /** What the wire carries without any. */
  readonly bitsPerSecond: number;
  narrow: readonly number[];
}

const bandsOf = new WeakMap<Wire, Bands>();

export const narrowBand = wireFault('narrow-band', TERMS, (wire, bitsPerSecond) => {
  const bands = bandsOf.get(wire) ?? { bitsPerSecond: wire.bitsPerSecond, narrow: [] };
  bandsOf.set(wire, bands);
  bands.narrow = [...bands.narrow, bitsPerSecond];
  wire.bitsPerSecond = Math.min(...bands.narrow);
  return () => {
    const at = bands.narrow.indexOf(bitsPerSecond);
    bands.narrow = bands.narrow.filter((_, i) => i !== at);
    wire.bitsPerSecond =
      bands.narrow.length === 0 ? bands.bitsPerSecond : Math.min(...bands.narrow);
  };
});
