/**
 * No date that somebody says falls below the bound (PROTOCOL §4.4): whatever was admitted was true
 * when it was dated, so that now is later, but for the lead that Root allows.
 */

import type { CheckerKind } from '../checker.ts';
import { keepingOf, recordOf, timeOf } from '../reading.ts';

/** The lead that the Roots of this world allow. */
const LEAD_MS = 120_000;

export const noDateFallsBelowTheBound: CheckerKind = {
  sentence: 'no date falls below the bound',
  make: (world, fail) => ({
    refused: {
      'time-below-bound': () => world.coverage.saw('checker: a date below the bound was refused'),
    },
    wrote: {
      time: ({ domain, value, before }, { machine, writes }) => {
        if (value === null) return;
        const [told, known] = [timeOf(value), before === null ? null : timeOf(before)];
        if (told.basis === 'wall' || told.isInDoubt) return;
        if (known?.time === told.time && known.boot === told.boot) return;
        const own = writes.find((write) => write.domain === domain && write.kind === 'keeping');
        const record = own?.before ?? recordOf(machine, domain, 'keeping');
        if (record === null) return;
        const { bound, boundBoot, bootId } = keepingOf(record);
        const floor = bootId === machine.clock.bootId ? bound + told.boot - boundBoot : bound;
        if (told.time + LEAD_MS >= floor) return;
        fail(`${machine.name} goes by ${told.time}, and knows that ${floor} was`);
      },
    },
  }),
};
