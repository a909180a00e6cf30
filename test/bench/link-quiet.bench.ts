/** Share of a slow link that a quiet coalition takes. */

import type { Bench } from './bench.ts';
import { DOMAINS, LINK_BYTES_PER_S, quietBytesPerS } from './quiet-link.ts';

/** The most it may take. */
const SHARE_MAX = 0.15;

/**
 * `link.quiet`: ticks of 100 domains each minute over 9.6 kbit/s, both ways, heartbeats, sync and
 * headers included. Beside it stand `link.quiet.beacons` and `link.quiet.https`.
 */
export const bench: Bench = {
  name: 'link.quiet',
  unit: 'of the link',
  measure: async () => {
    const { bytesPerS, fresh } = await quietBytesPerS();
    if (fresh < DOMAINS) throw new Error(`${fresh} domains are fresh beyond the link`);
    return { value: bytesPerS / LINK_BYTES_PER_S, limit: SHARE_MAX };
  },
};
