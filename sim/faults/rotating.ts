/**
 * People rotate a key: a new beacon key speaks from the next Root on, or a new documents key signs.
 */

import { nextRootFault } from './next-root.ts';

export const rotating = nextRootFault(
  'rotating',
  (about) =>
    (_, __, { fresh: key, documents }) => {
      if (about === 'beacon') return [{ kind: 'rotate', key }];
      const retired = documents.map((keyId) => ({ kind: 'retire', keyId }) as const);
      return [{ kind: 'add', role: 'documents', key }, ...retired];
    },
  (about) =>
    about === 'beacon' ? 'people: a beacon key was rotated' : 'people: a documents key was rotated',
);
