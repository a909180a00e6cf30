/** Loss: a share of the frames, in millionths, never arrives. */

import { MINUTE_MS } from '../../core/time.ts';
import { wireFault } from './wires.ts';

const TERMS = { low: 10_000, high: 500_000, forMs: 20 * MINUTE_MS };

export const loss = wireFault('loss', TERMS, (wire, ppm) => {
  wire.lossPpm += ppm;
  return () => {
    wire.lossPpm -= ppm;
  };
});
