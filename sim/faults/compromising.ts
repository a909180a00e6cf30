/**
 * People call a key compromised in the next Root, and put another in its place: with an even
 * `amount` the beacon key in force, with an odd one the documents keys. What they signed counts no
 * more; the contents are signed anew.
 */

import { rankInForce } from '../../federation/belief.ts';
import { beaconKeyOf } from '../../federation/root.ts';
import { publishRoots, signNextRoot } from '../ceremony.ts';
import type { Fault } from '../happening.ts';
import { machinesOf } from './power.ts';

export const compromising: Fault = {
  name: 'compromising',
  family: 'people',
  draw: (dice, { authorities, periodMs }) => ({
    on: [dice.pick(authorities)],
    forMs: 1 + dice.wait(10 * periodMs),
    amount: dice.below(1_000),
  }),
  begin: (world, happening) => {
    const isBeacon = happening.amount % 2 === 0;
    const machines = machinesOf(world, happening);
    for (const machine of machines) {
      signNextRoot(world, machine, (known, root, key) => {
        const spoke = beaconKeyOf(root, rankInForce(known) ?? -1);
        const lost = isBeacon ? [spoke?.keyId ?? []].flat() : [...root.documents.keys.keys()];
        const compromised = lost.map((keyId) => ({ kind: 'compromise', keyId }) as const);
        const next = isBeacon
          ? ({ kind: 'rotate', key } as const)
          : ({ kind: 'add', role: 'documents', key } as const);
        return [next, ...compromised];
      });
      world.coverage.saw('people: a key was called compromised');
      publishRoots(world, machine);
    }
    return () => {
      for (const machine of machines) publishRoots(world, machine);
    };
  },
};
