/** Bytes that keep a domain fresh for one period, as gossip carries them. */

import { TICK_BYTES } from '../../federation/tick.ts';
import type { Bench } from './bench.ts';
import { BEACON } from './real-beacon.ts';

/** `tick.bytes`: a frame of 43 bytes still fits the slowest data rate of LoRaWAN. */
export const bench: Bench = {
  name: 'tick.bytes',
  unit: 'bytes',
  measure: () => ({ value: BEACON.tick(1).length, limit: TICK_BYTES }),
};
