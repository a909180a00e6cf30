/**
 * A captured node is nobody outside its lease (PROTOCOL §5.5): who holds its revocation, or finds
 * the lease ended, receives it as a guest at best. Judged at every link.
 */

import type { CheckerKind } from '../checker.ts';
import { dateOf } from '../date.ts';
import { isGuest } from '../handshake.ts';

export const aCapturedNodeIsNobodyOutsideItsLease: CheckerKind = {
  sentence: 'a captured node is nobody outside its lease',
  make: (world, fail) => ({
    linked: (from, to, received) => {
      if (from.node === null || to.node === null) return;
      const isRevoked = to.node.hasRevoked(from.domain, from.node.nodeId);
      if (isRevoked) world.coverage.saw('checker: a revoked node was judged');
      if (isGuest(received)) return;
      world.coverage.saw('checker: a lease was judged');
      if (isRevoked) fail(`${to.name} receives ${from.name}, whose lease it knows to be revoked`);
      if (received.notAfter <= dateOf(world, to)) {
        fail(`${to.name} receives ${from.name}, whose lease has ended`);
      }
      if (received.node !== from.node.nodeId || received.domain !== from.domain) {
        fail(`${to.name} takes ${from.name} for somebody else`);
      }
    },
  }),
};
