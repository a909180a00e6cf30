/**
 * People call a key compromised in the next Root, and put another in its place: the beacon key in
 * force, or the documents keys. What they signed counts no more; the contents are signed anew.
 */

import type { KeyId } from '../../core/suite.ts';
import { rankInForce } from '../../federation/belief.ts';
import { beaconKeyOf } from '../../federation/root.ts';
import type { RootChange } from '../../federation/root-draft.ts';
import { nextRootFault } from './next-root.ts';

const SEEN = 'people: a key was called compromised';

export const compromising = nextRootFault('compromising', [
  {
    changes: (known, root, { fresh: key }) => {
      const spoke = beaconKeyOf(root, rankInForce(known) ?? -1);
      return [{ kind: 'rotate', key }, ...compromised([spoke?.keyId ?? []].flat())];
    },
    seen: SEEN,
  },
  {
    changes: (_, __, { fresh: key, documents }) => [
      { kind: 'add', role: 'documents', key },
      ...compromised(documents),
    ],
    seen: SEEN,
  },
]);

function compromised(keys: readonly KeyId[]): readonly RootChange[] {
  return keys.map((keyId) => ({ kind: 'compromise', keyId }));
}
