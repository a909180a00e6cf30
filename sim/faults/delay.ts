/** Delay: every frame takes so much longer. */

import { MINUTE_MS } from '../../core/time.ts';
import { wireFault } from './wires.ts';

const TERMS = { low: 100, high: 2 * MINUTE_MS, forMs: 20 * MINUTE_MS };

export const delay = wireFault('delay', TERMS, (wire, latencyMs) => {
  wire.latencyMs += latencyMs;
  return () => {
    wire.latencyMs -= latencyMs;
  };
});
