/**
 * People rotate a key: a new beacon key speaks from the next Root on, or a new documents key signs.
 */

import { nextRootFault } from './next-root.ts';

export const rotating = nextRootFault('rotating', [
  {
    changes: (_, __, { fresh: key }) => [{ kind: 'rotate', key }],
    seen: 'people: a beacon key was rotated',
  },
  {
    changes: (_, __, { fresh: key, documents }) => {
      const retired = documents.map((keyId) => ({ kind: 'retire', keyId }) as const);
      return [{ kind: 'add', role: 'documents', key }, ...retired];
    },
    seen: 'people: a documents key was rotated',
  },
]);
