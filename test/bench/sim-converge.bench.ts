/**
 * How soon after a heal a thousand machines agree again, 99 in a hundred of those that were cut
 * off, against the flood that no protocol beats.
 */

import { measureConvergence, webOf } from '../../sim/convergence.ts';
import type { Bench } from './bench.ts';

const MACHINES = 1_000;
const DOMAINS = 10;

/** `sim.converge` */
export const bench: Bench = {
  name: 'sim.converge',
  unit: 'ms',
  measure: () => {
    const { p99Ms, boundMs } = measureConvergence(webOf(MACHINES, DOMAINS), 1);
    return { value: p99Ms, limit: boundMs };
  },
};
