/** Duplication: a share of the frames, in millionths, comes twice. */

import { MINUTE_MS } from '../../core/time.ts';
import { wireFault } from './wires.ts';

const TERMS = { low: 10_000, high: 500_000, forMs: 20 * MINUTE_MS };

export const duplication = wireFault('duplication', TERMS, (wire, ppm) => {
  wire.duplicatePpm += ppm;
  return () => {
    wire.duplicatePpm -= ppm;
  };
});
