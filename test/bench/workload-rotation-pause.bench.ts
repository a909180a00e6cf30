/** `workload.rotation.pause`: of 1,000 entries and 1,000 streams, the longest pause of the loop. */

import { type Bench, medianOf } from './bench.ts';
import { rotate } from './rotation.ts';

const ROUNDS = 3;

export const bench: Bench = {
  name: 'workload.rotation.pause',
  unit: 'ms',
  async measure() {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push((await rotate()).pauseMs);
    return { value: medianOf(rounds) };
  },
};
