/**
 * Only a new lineage lowers a mark, and a new rank that of a manifest (PROTOCOL §2.5, §5.2): Root,
 * beacon, tick and manifest only rise.
 */

import { comparePlaces } from '../../federation/beacon.ts';
import { isTickOf } from '../../federation/tick.ts';
import type { CheckerKind } from '../checker.ts';
import { beaconOf, manifestOf, recordOf, tickOf } from '../reading.ts';

export const marksNeverFall: CheckerKind = {
  sentence: 'marks never fall',
  make: (_, fail) => ({
    wrote: {
      beacon: ({ domain, value, before }, { machine }) => {
        if (value === null || before === null) return;
        if (comparePlaces(beaconOf(value), beaconOf(before)) > 0) return;
        fail(`${machine.name}: beacon of ${domain} fell to ${beaconOf(value).epoch}`);
      },
      tick: ({ domain, value, before }, { machine }) => {
        const beacon = recordOf(machine, domain, 'beacon');
        if (value === null || before === null || beacon === null) return;
        const [old, next] = [tickOf(before), tickOf(value)];
        if (next.index > old.index || !isTickOf(old, beaconOf(beacon).digest)) return;
        fail(`${machine.name}: tick of ${domain} fell to ${next.index}`);
      },
      manifest: ({ domain, value, before }, { machine }) => {
        if (value === null || before === null) return;
        const [old, next] = [before, value].map((r) => manifestOf(r).members.u64('version'));
        const isNewRank = (value[0] ?? 0) > (before[0] ?? 0);
        if (isNewRank || (next ?? 0n) >= (old ?? 0n)) return;
        fail(`${machine.name}: manifest of ${domain} fell to ${next}`);
      },
    },
  }),
};
