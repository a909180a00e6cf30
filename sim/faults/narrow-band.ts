/** A narrow band: so many bits per second in each direction. */

import { MINUTE_MS } from '../../core/time.ts';
import { wireFault } from './wires.ts';

const TERMS = { low: 1_200, high: 64_000, forMs: 30 * MINUTE_MS };

export const narrowBand = wireFault('narrow-band', TERMS, (wire, bitsPerSecond) => {
  const before = wire.bitsPerSecond;
  wire.bitsPerSecond = bitsPerSecond;
  return () => {
    wire.bitsPerSecond = before;
  };
});
