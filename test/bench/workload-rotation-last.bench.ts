/** `workload.rotation.last`: of 1,000 entries and 1,000 streams, when the last has its new SVID. */

import { type Bench, medianOf } from './bench.ts';
import { rotate } from './rotation.ts';

const ROUNDS = 3;

export const bench: Bench = {
  name: 'workload.rotation.last',
  unit: 'ms',
  async measure() {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push((await rotate()).lastMs);
    return { value: medianOf(rounds) };
  },
};
