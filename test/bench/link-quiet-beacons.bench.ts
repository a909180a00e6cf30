/** The rival without ticks: a signed beacon of each domain each period, over the same link. */

import { HEADER_BYTES } from '../fleet/wire.ts';
import type { Bench } from './bench.ts';
import { DOMAINS, LINK_BYTES_PER_S, PERIOD_MS } from './quiet-link.ts';
import { BEACON } from './real-beacon.ts';

/** Bytes of one segment's load on an ordinary path. */
const SEGMENT_BYTES = 1_448;

/** `link.quiet.beacons`: real beacons with their headers, and nothing else; 1 is the whole link. */
export const bench: Bench = {
  name: 'link.quiet.beacons',
  unit: 'of the link',
  measure: () => {
    const { length } = BEACON.bytes;
    const each = length + Math.ceil(length / SEGMENT_BYTES) * 2 * HEADER_BYTES;
    return { value: (DOMAINS * each) / (PERIOD_MS / 1_000) / LINK_BYTES_PER_S };
  },
};
