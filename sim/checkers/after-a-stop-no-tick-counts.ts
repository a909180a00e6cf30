/** After a stop is admitted no tick of that beacon counts (PROTOCOL §3.4). */

import { recordKey } from '../../federation/record-key.ts';
import type { CheckerKind } from '../checker.ts';

export const afterAStopNoTickCounts: CheckerKind = {
  sentence: 'after a stop no tick of that beacon counts',
  make: (world, fail) => ({
    step: ({ machine, writes, views }) => {
      for (const { domain, kind, value } of writes) {
        if (value === null) continue;
        if (kind === 'stop') world.coverage.saw('protocol: a stop was admitted');
        if (kind !== 'tick' || !machine.believed.has(recordKey(domain, 'stop'))) continue;
        fail(`${machine.name} believed a tick of ${domain} after its stop`);
      }
      for (const { domain, standing } of views()) {
        if (!machine.believed.has(recordKey(domain, 'stop'))) continue;
        if (standing.tier === 'FRESH') fail(`${machine.name}: ${domain} is FRESH after its stop`);
      }
    },
  }),
};
