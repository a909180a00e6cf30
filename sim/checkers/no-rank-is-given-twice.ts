/**
 * No rank is given twice within a lineage (PROTOCOL §2.1): evidence orders by rank, so one key more
 * under an old rank would speak below what is held, or two under one number.
 */

import { recordKey } from '../../federation/record-key.ts';
import { readRoot } from '../../federation/root.ts';
import type { CheckerKind } from '../checker.ts';
import { envelopeOf } from '../reading.ts';

export const noRankIsGivenTwice: CheckerKind = {
  sentence: 'no rank is given twice',
  make: (_, fail) => ({
    wrote: {
      root: ({ domain, value }, { machine }) => {
        if (value === null) return;
        const { lineage, beaconKeys, version } = readRoot(envelopeOf(value));
        const prefix = recordKey(domain, 'root', '');
        for (const [key, record] of machine.believed) {
          if (!key.startsWith(prefix) || record === value) continue;
          const other = readRoot(envelopeOf(record));
          if (other.lineage !== lineage) continue;
          const given = new Map(other.beaconKeys.map(({ rank, keyId }) => [rank, keyId]));
          const twice = beaconKeys.find(
            ({ rank, keyId }) => given.has(rank) && given.get(rank) !== keyId,
          );
          if (twice === undefined) continue;
          fail(`${machine.name}: Root ${version} of ${domain} gives rank ${twice.rank} again`);
        }
      },
    },
  }),
};
