/** Reordering: frames are late by so much on average, and overtake each other. */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { wireFault } from './wires.ts';

const TERMS = { low: 100, high: 20 * SECOND_MS, forMs: 20 * MINUTE_MS };

export const reordering = wireFault('reordering', TERMS, (wire, jitterMs) => {
  wire.jitterMs += jitterMs;
  wire.reorders += 1;
  return () => {
    wire.jitterMs -= jitterMs;
    wire.reorders -= 1;
  };
});
