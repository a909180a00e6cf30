/**
 * Unknown time is a cap (PROTOCOL §4.4): after a boot that its past does not belong to, a machine
 * finds nothing better than SURVIVAL until somebody vouched for a date.
 */

import { recordKey } from '../../federation/record-key.ts';
import { TIERS } from '../../federation/tier.ts';
import type { CheckerKind } from '../checker.ts';
import { isVouched } from '../date.ts';
import type { Machine } from '../machine.ts';
import { keepingOf } from '../reading.ts';

export const unknownTimeIsACap: CheckerKind = {
  sentence: 'unknown time is a cap',
  make: (world, fail) => {
    const lost = new Set<Machine>();
    return {
      started: (machine) => {
        lost.delete(machine); // set up anew it has no past
        const past = machine.believed.get(recordKey(machine.domain, 'keeping'));
        if (past === undefined || isVouched(machine)) return;
        if (keepingOf(past).bootId !== machine.clock.bootId) lost.add(machine);
      },
      step: ({ machine, views }) => {
        if (!lost.has(machine)) return;
        if (isVouched(machine)) {
          world.coverage.saw('protocol: a date was vouched for');
          lost.delete(machine);
          return;
        }
        const better = views().find(
          ({ standing }) => TIERS.indexOf(standing.tier) < TIERS.indexOf('SURVIVAL'),
        );
        if (better === undefined) return;
        fail(`${machine.name} knows no date and finds ${better.domain} ${better.standing.tier}`);
      },
    };
  },
};
