/**
 * People name others who revoke (PROTOCOL §5.5): the next Root retires the revocation keys, both or
 * one of them, or calls them compromised, and names as many new ones. With those they revoke an
 * identity right away: it goes to every peer at once, and most of them have not heard of that Root.
 */

import { type Ceremony, nextRootFault } from './next-root.ts';
import { revoke, revokedIdentity } from './revoking.ts';

export const namingRevokers = nextRootFault('naming-revokers', [
  naming(2, 'retire'),
  naming(1, 'retire'),
  naming(2, 'compromise'),
  naming(1, 'compromise'),
]);

function naming(count: number, kind: 'retire' | 'compromise'): Ceremony {
  return {
    changes: (_, root, { revokers }) => {
      const named = revokers.slice(0, count);
      const gone = [...root.revocation.keys.keys()].slice(0, named.length);
      return [
        ...named.map((key) => ({ kind: 'add', role: 'revocation', key }) as const),
        ...gone.map((keyId) => ({ kind, keyId })),
      ];
    },
    seen:
      kind === 'retire'
        ? 'people: a revocation key was rotated'
        : 'people: a revocation key was called compromised',
    next: (world, machine, amount) => revoke(world, machine, revokedIdentity(machine, amount)),
  };
}
