/** Late evidence never lowers age by more than asOf gained (PROTOCOL §4.2). */

import type { CheckerKind } from '../checker.ts';
import { isVouched, passedMs } from '../date.ts';
import { keepingOf, ledgerAt } from '../reading.ts';

export const lateEvidenceLowersAgeByWhatAsOfGained: CheckerKind = {
  sentence: 'late evidence lowers age by what asOf gained, and no more',
  make: (world, fail) => ({
    wrote: {
      keeping: ({ value, before, domain }, { machine }) => {
        if (value === null || before === null) return;
        const [old, next] = [keepingOf(before), keepingOf(value)];
        if (old.asOf === null || next.asOf === null) return;
        const gained = Math.max(0, next.asOf - old.asOf);
        const sameBoot = old.bootId === next.bootId;
        // Both ledgers run on; they are compared at one moment, the later of the two.
        const at = old.ledgerBoot > next.ledgerBoot ? old.ledgerBoot : next.ledgerBoot;
        const due = sameBoot ? ledgerAt(old, at) : old.ledgerMs + old.aheadMs;
        const stands = sameBoot ? ledgerAt(next, at) : next.ledgerMs;
        if (gained > world.scenario.periodMs) world.coverage.saw('checker: evidence came late');
        if (stands >= due - gained) return;
        // A vouched date gives back what cannot have passed since, and no more (PROTOCOL §4.2).
        if (isVouched(machine) && stands >= passedMs(world, machine, next.asOf)) return;
        fail(`${machine.name}: ${domain} gained ${gained}, ledger ${due} → ${stands}`);
      },
    },
  }),
};
