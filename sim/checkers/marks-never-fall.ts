/**
 * Only a new lineage lowers a mark, and a new rank that of a manifest (PROTOCOL §2.5, §5.2): Root,
 * beacon, tick and manifest only rise.
 */

import { comparePlaces } from '../../federation/beacon.ts';
import { recordKey } from '../../federation/record-key.ts';
import { decodeTick, isTickOf } from '../../federation/tick.ts';
import type { CheckerKind } from '../checker.ts';
import { beaconOf, manifestOf } from '../reading.ts';

export const marksNeverFall: CheckerKind = {
  sentence: 'marks never fall',
  make: (_, fail) => ({
    step: ({ machine, writes }) => {
      for (const { domain, kind, value, before } of writes) {
        if (value === null || before === null) continue;
        const what = `${machine.name}: ${kind} of ${domain}`;
        if (kind === 'beacon' && comparePlaces(beaconOf(value), beaconOf(before)) <= 0) {
          fail(`${what} fell to ${beaconOf(value).epoch}`);
        }
        if (kind === 'tick') {
          const beacon = machine.believed.get(recordKey(domain, 'beacon'));
          const [old, next] = [decodeTick(before), decodeTick(value)];
          const same = beacon !== undefined && isTickOf(old, beaconOf(beacon).digest);
          if (same && next.index <= old.index) fail(`${what} fell to ${next.index}`);
        }
        if (kind === 'manifest') {
          const [old, next] = [before, value].map((r) => manifestOf(r).members.u64('version'));
          const isNewRank = (value[0] ?? 0) > (before[0] ?? 0);
          if (!isNewRank && (next ?? 0n) < (old ?? 0n)) fail(`${what} fell to ${next}`);
        }
      }
    },
  }),
};
