/**
 * People call a key compromised in the next Root, and put another in its place: the beacon key in
 * force, or the documents keys. What they signed counts no more; the contents are signed anew.
 */

import { rankInForce } from '../../federation/belief.ts';
import { beaconKeyOf } from '../../federation/root.ts';
import { nextRootFault } from './next-root.ts';

export const compromising = nextRootFault(
  'compromising',
  (about) =>
    (known, root, { fresh: key, documents }) => {
      const spoke = beaconKeyOf(root, rankInForce(known) ?? -1);
      const lost = about === 'beacon' ? [spoke?.keyId ?? []].flat() : documents;
      const compromised = lost.map((keyId) => ({ kind: 'compromise', keyId }) as const);
      const next =
        about === 'beacon'
          ? ({ kind: 'rotate', key } as const)
          : ({ kind: 'add', role: 'documents', key } as const);
      return [next, ...compromised];
    },
  () => 'people: a key was called compromised',
);
