/**
 * One stolen root key of three, of which two have to sign: the first machine makes a Root of the
 * second's domain, says it to its neighbours and leaves it with their people as a file. With an odd
 * `forMs` the people of that domain call the key compromised later; whoever has it goes on.
 */

import { Refusal } from '../../core/refusal.ts';
import { publishSigned, signNextRoot } from '../ceremony.ts';
import { forgedRoot, ROOT_FORGERIES } from '../forgery.ts';
import { signerOf } from '../founding.ts';
import type { Fault } from '../happening.ts';
import { rootRecordsOf } from '../reading.ts';
import { hand } from './by-hand.ts';
import { neighboursOf, sayToAll, theftIn } from './thieves.ts';
import { machinesOf, writersOf } from './victims.ts';

export const stolenRootKey: Fault = {
  name: 'stolen-root-key',
  family: 'adversary',
  draw: (dice, shape) => {
    const on = theftIn(dice, shape);
    if (on === null) return null;
    const forMs = 1 + dice.wait(10 * shape.periodMs);
    return { on, forMs, amount: dice.below(ROOT_FORGERIES.length) };
  },
  begin: (world, happening) => {
    const [thief, victim] = machinesOf(world, happening);
    const domain = victim?.domain;
    const stolen = domain === undefined ? undefined : world.keys.get(domain)?.otherRoots.at(-1);
    if (thief === undefined || domain === undefined || stolen === undefined) return () => undefined;
    const held = rootRecordsOf(thief, domain).at(-1);
    const kind = ROOT_FORGERIES[happening.amount % ROOT_FORGERIES.length];
    if (held !== undefined && kind !== undefined) {
      const own = signerOf(world.suite, `${thief.name}/forger`);
      const bytes = forgedRoot(kind, held, { stolen, own });
      sayToAll(world, thief, bytes, domain);
      for (const other of neighboursOf(world, thief)) {
        hand(other, { label: 'root', bytes }, (outcome) => {
          if (!(outcome instanceof Refusal)) return;
          world.coverage.saw('people: a forged Root was refused', outcome.code);
        });
      }
    }
    return () => {
      if (happening.forMs % 2 === 0) return;
      for (const machine of writersOf(world, happening).slice(1)) {
        signNextRoot(world, machine, (_, { root }) => {
          if (!root.keys.has(stolen.keyId)) return [];
          world.coverage.saw('people: a root key was called compromised');
          return [{ kind: 'compromise', keyId: stolen.keyId }];
        });
        publishSigned(world, machine);
      }
    };
  },
};
