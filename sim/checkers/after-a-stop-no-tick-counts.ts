/** After a stop is admitted no tick of that beacon counts (PROTOCOL §3.4). */

import type { CheckerKind } from '../checker.ts';
import { recordOf } from '../reading.ts';

export const afterAStopNoTickCounts: CheckerKind = {
  sentence: 'after a stop no tick of that beacon counts',
  make: (world, fail) => ({
    wrote: {
      stop: ({ value }) => {
        if (value !== null) world.coverage.saw('protocol: a stop was admitted');
      },
      tick: ({ domain, value }, { machine }) => {
        if (value === null || recordOf(machine, domain, 'stop') === null) return;
        fail(`${machine.name} believed a tick of ${domain} after its stop`);
      },
    },
    viewed: ({ domain, standing }, { machine }) => {
      if (standing.tier !== 'FRESH' || recordOf(machine, domain, 'stop') === null) return;
      fail(`${machine.name}: ${domain} is FRESH after its stop`);
    },
  }),
};
