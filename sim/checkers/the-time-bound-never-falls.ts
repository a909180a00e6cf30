/** The time bound never falls within a lineage (PROTOCOL §4.1). */

import type { CheckerKind } from '../checker.ts';
import { keepingOf } from '../reading.ts';

export const theTimeBoundNeverFalls: CheckerKind = {
  sentence: 'the time bound never falls',
  make: (_, fail) => ({
    wrote: {
      keeping: ({ value, before, domain }, { machine }) => {
        if (value === null || before === null) return;
        const [old, next] = [keepingOf(before), keepingOf(value)];
        const carried = old.bootId === next.bootId ? next.boundBoot - old.boundBoot : 0;
        if (next.bound >= old.bound + carried) return;
        fail(`${machine.name}: B of ${domain} fell from ${old.bound + carried} to ${next.bound}`);
      },
    },
  }),
};
