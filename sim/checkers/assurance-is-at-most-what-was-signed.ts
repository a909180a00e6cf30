/**
 * The effective assurance of a node is at most what its authority signed (PROTOCOL §7.3): whoever
 * receives it reads off the lease what that grants, and no more.
 */

import { decodeEnvelope } from '../../federation/envelope.ts';
import { readLease } from '../../federation/lease.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { CheckerKind } from '../checker.ts';
import { isGuest } from '../handshake.ts';

export const assuranceIsAtMostWhatWasSigned: CheckerKind = {
  sentence: 'assurance is at most what was signed',
  make: (_, fail) => ({
    linked: (from, to, received) => {
      const signed = from.believed.get(recordKey(from.domain, 'lease'));
      if (signed === undefined || isGuest(received)) return;
      const lease = readLease(decodeEnvelope(signed));
      if (received.assurance === lease.assurance && received.kind === lease.kind) return;
      fail(
        `${from.name} is ${received.assurance} at ${to.name}, and ${lease.assurance} by its lease`,
      );
    },
  }),
};
