/**
 * Unknown time is a cap (PROTOCOL §4.4): after a boot that its past does not belong to, a machine
 * finds nothing better than SURVIVAL until somebody vouched for a date.
 */

import { TIERS } from '../../federation/tier.ts';
import type { CheckerKind } from '../checker.ts';
import { isVouched } from '../date.ts';
import type { Machine } from '../machine.ts';
import { keepingOf, recordOf } from '../reading.ts';

export const unknownTimeIsACap: CheckerKind = {
  sentence: 'unknown time is a cap',
  make: (world, fail) => {
    const lost = new Set<Machine>();
    return {
      started: (machine) => {
        lost.delete(machine); // set up anew it has no past
        const past = recordOf(machine, machine.domain, 'keeping');
        if (past === null || isVouched(machine)) return;
        if (keepingOf(past).bootId !== machine.clock.bootId) lost.add(machine);
      },
      wrote: {
        time: (_, { machine }) => {
          if (!lost.has(machine) || !isVouched(machine)) return;
          world.coverage.saw('protocol: a date was vouched for');
          lost.delete(machine);
        },
      },
      viewed: ({ domain, standing: { tier } }, { machine }) => {
        if (!lost.has(machine) || TIERS.indexOf(tier) >= TIERS.indexOf('SURVIVAL')) return;
        fail(`${machine.name} knows no date and finds ${domain} ${tier}`);
      },
    };
  },
};
