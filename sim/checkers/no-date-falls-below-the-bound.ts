/**
 * No date that somebody says falls below the bound (PROTOCOL §4.4): whatever was admitted was true
 * when it was dated, so that now is later, but for the lead that Root allows.
 */

import { recordKey } from '../../federation/record-key.ts';
import type { CheckerKind } from '../checker.ts';
import { keepingOf, timeOf } from '../reading.ts';

/** The lead that the Roots of this world allow. */
const LEAD_MS = 120_000;

export const noDateFallsBelowTheBound: CheckerKind = {
  sentence: 'no date falls below the bound',
  make: (world, fail) => ({
    step: ({ machine, writes, output }) => {
      if (output.verdict?.code === 'time-below-bound') {
        world.coverage.saw('checker: a date below the bound was refused');
      }
      for (const { domain, kind, value, before } of writes) {
        if (kind !== 'time' || value === null) continue;
        const [told, known] = [timeOf(value), before === null ? null : timeOf(before)];
        if (told.basis === 'wall' || told.isInDoubt) continue;
        if (known?.time === told.time && known.boot === told.boot) continue;
        const own = writes.find((write) => write.domain === domain && write.kind === 'keeping');
        const record = own?.before ?? machine.believed.get(recordKey(domain, 'keeping'));
        if (record === undefined) continue;
        const { bound, boundBoot, bootId } = keepingOf(record);
        const floor = bootId === machine.clock.bootId ? bound + told.boot - boundBoot : bound;
        if (told.time + LEAD_MS >= floor) continue;
        fail(`${machine.name} goes by ${told.time}, and knows that ${floor} was`);
      }
    },
  }),
};
