/**
 * How soon after a heal 99 in a hundred of those that were cut off know of a withdrawal, of a
 * thousand machines, against the flood that no protocol beats.
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
    const { known, flood } = measureConvergence(webOf(MACHINES, DOMAINS), 1);
    return { value: known.p99Ms, limit: flood.p99Ms };
  },
};
