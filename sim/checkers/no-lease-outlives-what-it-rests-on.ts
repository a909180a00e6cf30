/**
 * No lease outlives what it rests on: evidence of its authority, by no more than that is survived
 * for (PROTOCOL §7.2); and none that was issued before takes the place of the one held (§7.1).
 */

import { type Lease, readLease } from '../../federation/lease.ts';
import type { CheckerKind } from '../checker.ts';
import { envelopeOf } from '../reading.ts';

export const noLeaseOutlivesWhatItRestsOn: CheckerKind = {
  sentence: 'no lease outlives what it rests on',
  make: (world, fail) => {
    const { survivalForMs } = world.scenario.limits;
    return {
      wrote: {
        lease: ({ domain, value, before }, { machine }) => {
          if (value === null) return;
          world.coverage.saw('checker: a lease was taken');
          const lease = readLease(envelopeOf(value));
          const { issuedAt, notAfter } = lease;
          if (issuedAt > world.lastEvidenceOf(domain) && !world.stolen.has(domain)) {
            fail(`${machine.name} has a lease of ${issuedAt}, and no evidence is as young`);
          }
          if (notAfter > issuedAt + survivalForMs) {
            fail(`${machine.name} has a lease for ${notAfter - issuedAt} ms, beyond its evidence`);
          }
          const held: Lease | null = before === null ? null : readLease(envelopeOf(before));
          if (held === null || held.issuedAt <= issuedAt) return;
          fail(`${machine.name} had a lease of ${held.issuedAt}, and takes one of ${issuedAt}`);
        },
      },
    };
  },
};
