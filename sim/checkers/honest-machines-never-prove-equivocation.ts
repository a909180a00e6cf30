/** Honest crashes, restores and partitions never yield an equivocation proof (PROTOCOL §5.2). */

import type { CheckerKind } from '../checker.ts';

export const honestMachinesNeverProveEquivocation: CheckerKind = {
  sentence: 'honest machines never prove equivocation',
  make: (world, fail) => ({
    wrote: {
      disowned: ({ domain }, { machine }) => {
        world.coverage.saw('protocol: a key was disowned');
        if (!world.stolen.has(domain)) fail(`${machine.name} disowned a key of ${domain}`);
      },
    },
  }),
};
